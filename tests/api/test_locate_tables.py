"""POST /locate with tables: CSV and Arrow come back with owners added, as GET says them one by one."""

import io

import pandas as pd
import pyarrow as pa
import pytest

CSV, ARROW = "text/csv", "application/vnd.apache.arrow.stream"
POINTS = [(121.4585, 31.2304), (121.4600, 31.2290), (0.0, 0.0)]


def stream_of(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def one_by_one(api, datum):
    answers = [api.get("/api/v1/locate", lon=x, lat=y, datum=datum).json() for x, y in POINTS]
    return [(a["status"], a["chain"][-1]["id"] if a["chain"] else None) for a in answers]


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_csv_comes_back_with_owners(api, datum):
    text = "house,lon,lat\n" + "".join(f"00{n},{x},{y}\n" for n, (x, y) in enumerate(POINTS))
    answer = api.post("/api/v1/locate", params={"datum": datum}, content=text, headers={"Content-Type": CSV})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(CSV)
    found = pd.read_csv(io.BytesIO(answer.content), dtype={"house": str, "grid_id": "Int64"})
    assert found["house"].tolist() == ["000", "001", "002"]
    owners = [None if pd.isna(grid) else int(grid) for grid in found["grid_id"]]
    assert list(zip(found["status"], owners, strict=True)) == one_by_one(api, datum)


def test_arrow_comes_back_with_owners(api):
    table = pa.table({"x": [p[0] for p in POINTS], "y": [p[1] for p in POINTS]})
    answer = api.post(
        "/api/v1/locate",
        params={"datum": "wgs84", "x": "x", "y": "y"},
        content=stream_of(table),
        headers={"Content-Type": ARROW},
    )
    assert answer.status_code == 200
    found = pa.ipc.open_stream(answer.content).read_all()
    pairs = list(zip(found["status"].to_pylist(), found["grid_id"].to_pylist(), strict=True))
    assert pairs == one_by_one(api, "wgs84")


def test_a_row_that_cannot_be_read_keeps_its_place(api):
    text = "lon,lat\n121.4585,31.2304\nhere,there\n,\n"
    answer = api.post("/api/v1/locate?datum=wgs84", content=text, headers={"Content-Type": CSV})
    assert pd.read_csv(io.BytesIO(answer.content))["status"].tolist()[1:] == ["unreadable", "unreadable"]


@pytest.mark.parametrize(
    ("media", "query", "body", "place"),
    [
        (CSV, "", b"lon,lat\n1,2\n", "datum"),
        (CSV, "?datum=wgs84", b"a,b\n1,2\n", "column lon"),
        (CSV, "?datum=wgs84", b"", "body"),
        (ARROW, "?datum=wgs84", b"no arrow", "body"),
        (CSV, "?datum=mars", b"lon,lat\n1,2\n", "datum"),
    ],
)
def test_what_cannot_be_answered_is_told(api, media, query, body, place):
    answer = api.post(f"/api/v1/locate{query}", content=body, headers={"Content-Type": media})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert place in [fault["place"] for fault in answer.json()["faults"]]


def test_other_content_is_not_read(api):
    answer = api.post("/api/v1/locate?datum=wgs84", content=b"<x/>", headers={"Content-Type": "text/xml"})
    assert answer.status_code == 415
