"""The local Dust refuses requests like Dust: same order of checks, same statuses, same words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_dust import LocalDust, World
from local_dust.client import Visitor, error
from local_dust.workspaces import Kind

NOT_FOUND = (404, "data_source_not_found", "The data source you requested was not found.")
NOT_WRITABLE = (403, "data_source_auth_error", "You are not allowed to update data in this data source.")


@pytest.fixture
def dust() -> Iterator[LocalDust]:
    with LocalDust() as server:
        yield server


def test_bad_credentials_get_different_errors(dust: LocalDust) -> None:
    """No header, no key in it, an unknown, a disabled and a key of another region; before all other checks."""
    world = dust.world
    disabled, european = world.add_key(disabled=True), world.add_key(region="eu")
    unauthenticated = (
        401,
        "not_authenticated",
        "The request does not have valid authentication credentials.",
    )
    malformed = (401, "malformed_authorization_header_error", "Malformed Authorization header")
    invalid = (401, "invalid_api_key_error", "The API key provided is invalid or disabled.")

    assert unauthenticated == error(Visitor(dust, authorization=None).get("/documents"))
    assert malformed == error(Visitor(dust, authorization="Bearer hello").get("/documents"))
    assert malformed == error(Visitor(dust, authorization=f"Bearer {world.key.secret}é").get("/documents"))
    assert invalid == error(Visitor(dust, authorization="Bearer sk-0").get("/documents"))
    assert invalid == error(Visitor(dust, key=disabled).get("/documents"))
    assert invalid == error(Visitor(dust, key=european).get("/documents"))


def test_a_key_is_checked_before_the_workspace_and_the_workspace_before_its_members(dust: LocalDust) -> None:
    """404 for an unknown workspace with any valid key; 401 for a known one that is not the key's."""
    world = dust.world
    visitor = Visitor(dust, key=world.add_key(workspace=world.add_workspace("Other")))
    unknown = visitor.workspace_url.replace(world.workspace.id, "0000000000")

    assert (404, "workspace_not_found", "The workspace was not found.") == error(visitor.get(unknown + "/spaces"))
    assert (401, "workspace_auth_error", "Only users of the workspace can access this content.") == error(
        visitor.get("/documents")
    )


def test_a_workspace_may_be_closed(dust: LocalDust) -> None:
    """Plan, maintenance, relocation and kill switch, in this order, before the data source is looked up."""
    workspace = dust.world.workspace
    visitor = Visitor(dust)
    workspace.kill_switched = True
    killed = "Access to this workspace has been disabled for emergency maintenance."
    assert (503, "service_unavailable", killed) == error(visitor.get("/documents"))
    workspace.maintenance = "relocation"
    assert (503, "service_unavailable", "Service is currently unavailable. [relocation]") == error(
        visitor.get("/nowhere")
    )
    workspace.maintenance = "relocation-done"
    assert (404, "workspace_not_found", "The workspace was not found. [relocation-done]") == error(
        visitor.get("/documents")
    )
    workspace.api_access = False
    assert (
        403,
        "workspace_can_use_product_required_error",
        "Your current plan does not allow API access. Please upgrade your plan.",
    ) == error(visitor.get("/documents"))


def test_paths_and_methods_that_do_not_exist_are_a_plain_404_after_the_key(dust: LocalDust) -> None:
    """`data-sources`, PUT and deeper paths do not exist; the answer is text, not Dust's envelope."""
    visitor = Visitor(dust)
    hyphen = visitor.url.replace("data_sources", "data-sources") + "/documents/x"

    answers = [
        visitor.call("POST", hyphen, json={"text": "x"}),
        visitor.call("PUT", "/documents/x", json={"text": "x"}),
        visitor.get("/documents/a/b"),
        visitor.get("/documents/"),
        visitor.get(visitor.workspace_url),
        visitor.get(dust.url + "/nothing"),
    ]

    assert {(404, "404 Not Found", "text/plain; charset=UTF-8")} == {
        (a.status_code, a.text, a.headers["Content-Type"]) for a in answers
    }
    assert 401 == Visitor(dust, authorization=None).get(hyphen).status_code


def test_a_request_of_another_site_is_refused(dust: LocalDust) -> None:
    """Browsers send the header `Origin`; the answer has no body."""
    answer = Visitor(dust).call("GET", "/documents", headers={"Origin": "https://example.com"})

    assert (403, "") == (answer.status_code, answer.text)


def test_the_counter_of_a_route_can_be_enforced(dust: LocalDust) -> None:
    """Dust only logs it today. It counts per route and minute, before validation, and says how long to wait."""
    dust.world.limits.route_calls_per_minute = 2
    visitor = Visitor(dust)

    answers = [visitor.upsert(document_id, text=1) for document_id in "abc"]

    assert [400, 400, 429] == [answer.status_code for answer in answers]
    message = "Too many requests to this endpoint for this workspace (max 2 per minute)."
    assert (429, "rate_limit_error", message) == error(answers[2])
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert 200 == visitor.get("/documents").status_code


def test_a_wrong_body_hides_a_wrong_data_source_and_a_missing_permission(dust: LocalDust) -> None:
    """The body is validated before the data source is looked up."""
    visitor = Visitor(dust, key=dust.world.add_key())
    nowhere = visitor.url.replace(dust.world.data_source.id, "dts_000000000000")
    wrong = (
        400,
        "invalid_request_error",
        'Invalid request body: Validation error: Expected string, received number at "text"',
    )

    assert wrong == error(visitor.post("/documents/x", {"text": 1}))
    assert wrong == error(visitor.post(nowhere + "/documents/x", {"text": 1}))
    assert NOT_FOUND == error(visitor.post(nowhere + "/documents/x", {"text": "1"}))
    assert NOT_WRITABLE == error(visitor.post("/documents/x", {"text": "1"}))


def test_a_data_source_is_found_by_id_or_name_in_its_own_space_only(dust: LocalDust) -> None:
    """The right id in another space is not found."""
    world = dust.world
    visitor = Visitor(dust)

    assert 200 == visitor.get("/documents").status_code
    by_name = visitor.url.replace(world.data_source.id, world.data_source.name)
    assert 200 == visitor.get(by_name + "/documents").status_code
    assert NOT_FOUND == error(Visitor(dust, space=world.company_space).get("/documents"))


def test_a_path_without_a_space_means_the_company_space(dust: LocalDust) -> None:
    """The legacy form: a data source of another space is not found there."""
    company = dust.world.add_data_source("company", space=dust.world.company_space)
    visitor = Visitor(dust)

    assert 200 == visitor.get(f"{visitor.workspace_url}/data_sources/{company.id}/documents").status_code
    other = f"{visitor.workspace_url}/data_sources/{dust.world.data_source.id}/documents"
    assert NOT_FOUND == error(visitor.get(other))


@pytest.mark.parametrize(
    ("kind", "restricted", "user", "admin"),
    [
        ("global", False, "reads", "writes"),
        ("regular", False, "reads", "reads"),
        ("regular", True, "finds nothing", "finds nothing"),
        ("project", False, "reads", "reads"),
        ("project", True, "finds nothing", "finds nothing"),
        ("system", False, "finds nothing", "writes"),
    ],
)
def test_a_key_writes_to_the_spaces_selected_on_it(
    dust: LocalDust, kind: Kind, restricted: bool, user: str, admin: str
) -> None:
    """The role alone only lets administrators write to Company Data and to the space of connections."""
    world = dust.world
    space = world.add_space("The space", kind=kind, restricted=restricted)
    source = world.add_data_source("folder", space=space)

    assert user == _right(Visitor(dust, source=source, key=world.add_key("user")))
    assert admin == _right(Visitor(dust, source=source, key=world.add_key("admin")))
    assert "writes" == _right(Visitor(dust, source=source, key=world.add_key("user", spaces=[space])))
    assert "writes" == _right(Visitor(dust, source=source, key=world.add_key("admin", spaces=[space])))


def _right(visitor: Visitor) -> str:
    """The right that a key shows in every kind of call."""
    reading = {visitor.get("/documents").status_code, visitor.get("/tables").status_code}
    writing = {
        visitor.upsert("x").status_code,
        visitor.delete("/documents/x").status_code,
        visitor.table("t").status_code,
        visitor.rows("t", {"1": {}}).status_code,
        visitor.delete("/tables/t/rows/1").status_code,
    }
    match [*reading], [*writing]:
        case [200], [200]:
            return "writes"
        case [200], [403]:
            return "reads"
        case [404], [404]:
            return "finds nothing"
    return f"reading: {reading}, writing: {writing}"


def test_only_administrators_delete_a_table_and_others_do_not_find_it(dust: LocalDust) -> None:
    """The only refused write that is a 404; the space must be selected as well."""
    world = dust.world

    assert NOT_FOUND == error(Visitor(dust).delete("/tables/t"))
    assert NOT_WRITABLE == error(Visitor(dust, key=world.add_key("admin")).delete("/tables/t"))
    assert 200 == Visitor(dust, key=world.add_key("admin", spaces=[world.space])).delete("/tables/t").status_code


def test_documents_of_a_managed_data_source_are_not_written(dust: LocalDust) -> None:
    """Neither upserted nor deleted, each with its own words."""
    visitor = Visitor(dust, source=dust.world.managed_data_source)

    upsert = (403, "data_source_auth_error", "You cannot upsert a document on a managed data source.")
    delete = (403, "data_source_auth_error", "You cannot delete a document from a managed data source.")
    assert upsert == error(visitor.upsert("x"))
    assert delete == error(visitor.delete("/documents/x"))


def test_the_conversations_space_holds_no_data(dust: LocalDust) -> None:
    """A data source there is reported as a missing space."""
    space = dust.world.add_space("Conversations", kind="conversations")
    visitor = Visitor(dust, source=dust.world.add_data_source("chat", space=space))

    assert "space_not_found" == error(visitor.get("/documents"))[1]


def test_only_readable_spaces_and_data_sources_are_listed(dust: LocalDust) -> None:
    """With all that `check` reads: kinds of spaces, ids, names and the connector of a managed source."""
    world = dust.world
    world.add_space("Secrets", restricted=True)
    world.add_space("Hidden pod", kind="project", restricted=True)
    visitor = Visitor(dust)

    spaces = visitor.get(visitor.workspace_url + "/spaces").json()["spaces"]
    assert [("Company Data", "global"), ("Connectors", "regular")] == [(s["name"], s["kind"]) for s in spaces]
    sources = visitor.get(f"{visitor.workspace_url}/spaces/{world.space.id}/data_sources").json()["data_sources"]
    assert [(world.data_source.id, "airbyte", None)] == [
        (s["sId"], s["name"], s["connectorProvider"]) for s in sources if s["connectorId"] is None
    ]
    assert ["notion"] == [s["connectorProvider"] for s in sources if s["connectorId"] is not None]
    missing = visitor.get(f"{visitor.workspace_url}/spaces/vlt_000000000000/data_sources")
    assert (404, "space_not_found", "The space you requested was not found.") == error(missing)
    assert {"exists": True} == visitor.get(visitor.workspace_url + "/exists").json()


def test_pods_are_listed_on_request_only(dust: LocalDust) -> None:
    """Their kind is `project`."""
    pod = dust.world.add_space("Pod", kind="project")
    visitor = Visitor(dust)

    assert pod.id not in _listed(visitor)
    assert pod.id in _listed(visitor, kinds="global,regular,project")
    assert [pod.id] == _listed(visitor, kinds="project")


def _listed(visitor: Visitor, **parameters: str) -> list[str]:
    """The ids of the spaces that a key sees."""
    answer = visitor.get(visitor.workspace_url + "/spaces", **parameters)
    return [space["sId"] for space in answer.json()["spaces"]]


def test_some_routes_are_for_system_keys_only(dust: LocalDust) -> None:
    """CSV upload, folders and the upsert queue; files are refused with another error."""
    visitor = Visitor(dust)
    only = (403, "invalid_oauth_token_error", "Only system keys can perform this action.")

    assert only == error(visitor.post("/tables/csv", {}))
    assert only == error(visitor.post("/folders/f", {}))
    assert "data_source_auth_error" == error(visitor.get("/check_upsert_queue"))[1]
    assert 400 == visitor.post(visitor.workspace_url + "/files", {}).status_code


def test_the_legacy_server_answers_differently() -> None:
    """Limits on bodies before anything else, JSON 405, no prefix in validation messages, a filter on paths."""
    with LocalDust(World(server="legacy", upserts_per_minute=1)) as dust:
        visitor = Visitor(dust)
        too_long = visitor.rows("t", {"1": {"a": "x" * 1024 * 1024}})
        assert (413, "Body exceeded 1mb limit") == (too_long.status_code, too_long.text)
        assert 200 == visitor.upsert("x", text="x" * 1024 * 1024).status_code
        assert (405, "method_not_supported_error") == error(visitor.call("PUT", "/documents/x"))[:2]
        assert 429 == visitor.post("/documents/x", {"text": 1}).status_code
        dust.world.limits.upserts_per_minute = None
        message = 'Validation error: Expected string, received number at "text"'
        assert (400, "invalid_request_error", message) == error(visitor.post("/documents/x", {"text": 1}))
        filtered = visitor.get("/documents/a%00b")
        assert (400, "") == (filtered.status_code, filtered.text)
        assert 500 == visitor.get("/documents/100%25").status_code
