import shapely

from gridmap.demo.streets import lay_streets


def test_roads_have_names_and_classes(city):
    roads = city.places[city.places.kind == "road"]
    assert (roads.name.str.len() >= 2).all()
    assert {p["class"] for p in roads.properties} == {"arterial", "street", "lane"}
    named = roads[~roads.name.str.endswith("弄")]
    assert named.name.is_unique
    assert (shapely.get_type_id(roads.geometry.values) == shapely.GeometryType.LINESTRING).all()


def test_wide_roads_are_few_and_lanes_many(city):
    kinds = [p["class"] for p in city.places.properties[city.places.kind == "road"]]
    assert kinds.count("arterial") < kinds.count("street") < kinds.count("lane")


def test_faces_share_their_vertices():
    streets = lay_streets(5, 2)
    assert shapely.coverage_is_valid(streets.faces)
    assert set(streets.face_sub) == {0, 1}


def test_streets_end_at_the_quay_and_only_wide_roads_cross_the_creek():
    streets = lay_streets(3, 1)
    crossing = {road.kind for road in streets.roads if road.line.intersects(streets.creek)}
    assert crossing == {"arterial"}


def test_junctions_are_mostly_tees():
    streets = lay_streets(1, 1)
    cuts = [road for road in streets.roads if road.role == "cut"]
    assert len(cuts) > 25
