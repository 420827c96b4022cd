"""What every answer of the interface must be."""


def problem(answer, status):
    """Check a refusal and give its body."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("/problems/")
    assert body["title"]
    assert "Traceback" not in answer.text
    assert "sqlalchemy" not in answer.text.lower()
    assert "psycopg" not in answer.text.lower()
    guarded(answer)
    return body


def guarded(answer):
    """Check the headers that every answer carries."""
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def places(body):
    """Give the places of a problem's faults."""
    return {fault["place"] for fault in body["faults"]}


def features(answer):
    """Check a FeatureCollection and give its features."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    guarded(answer)
    body = answer.json()
    assert body["type"] == "FeatureCollection"
    for feature in body["features"]:
        assert feature["type"] == "Feature"
        assert feature["id"] == feature["properties"].get("id", feature["id"])
    return body["features"]
