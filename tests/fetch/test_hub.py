"""Redirects, refusals and new attempts, and where the token goes."""

from __future__ import annotations

import http.client
import urllib.request

import pytest

from chartgen.chart.fetch.__main__ import main
from chartgen.chart.fetch.hub import Hub
from tests.fetch.device import WEIGHTS, Device, model, weights
from tests.fetch.hub import REPO, Refusal


def test_a_hub_that_is_off_is_trouble_that_may_pass(device: Device) -> None:
    device.hub.switch_off()
    assert device.start() == 1
    assert "gave up after 8 attempts" in device.log


def test_the_token_goes_to_the_hub_and_not_to_its_cdn(device: Device) -> None:
    device.hub.use_cdn, device.hub.token = True, "hf_secret"
    device.environ["HF_TOKEN"] = " hf_secret\n"
    device.hub.cuts = [2**20]
    assert device.start(weights()) == 0
    sent = {(seen.server, seen.headers.get("Authorization")) for seen in device.hub.requests}
    assert sent == {("hub", "Bearer hf_secret"), ("cdn", None)}
    ranges = [seen.headers.get("Range") for seen in device.hub.requests if seen.server == "cdn"]
    assert ranges == [None, f"bytes={2**20}-"]
    assert "hf_secret" not in device.log


def test_the_token_follows_redirects_within_the_hub(device: Device) -> None:
    device.hub.token = device.environ["HF_TOKEN"] = "hf_secret"
    target = f"/api/models/{REPO}/revision/{device.hub.commit}"
    device.hub.refusals = [Refusal(307, headers={"Location": target})]
    assert device.start() == 0


def test_redirects_do_not_go_on_for_ever(device: Device) -> None:
    device.hub.redirect = f"{device.hub.url}/{REPO}/resolve/{device.hub.commit}/model.gguf"
    assert device.start(weights()) == 2
    assert "redirected more than" in device.log


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_redirects_lead_to_http_alone(device: Device, target: str) -> None:
    device.hub.redirect = target
    assert device.start(weights()) == 2
    assert "refused a redirect" in device.log


def test_an_expired_link_of_the_cdn_is_asked_for_again(device: Device) -> None:
    device.hub.use_cdn, device.hub.cdn_refusals = True, [Refusal(403)]
    assert device.start(weights()) == 0
    assert device.found() == {"model.gguf": WEIGHTS}


class LoopbackTls(urllib.request.HTTPHandler):
    """Speaks https without the encryption, for a hub on loopback has no certificate."""

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(http.client.HTTPConnection, req)


@pytest.mark.parametrize(("scheme", "code"), [("http", 2), ("https", 0)])
def test_redirects_do_not_lead_from_https_to_http(device: Device, scheme: str, code: int) -> None:
    path = f"/{REPO}/resolve/{device.hub.commit}/model.gguf"
    device.hub.redirect = device.hub.cdn.replace("http", scheme, 1) + path
    device.write(weights())
    opener = urllib.request.OpenerDirector()
    opener.add_handler(LoopbackTls())
    made = Hub(device.hub.url.replace("http", "https", 1), "", opener)
    ended = main([str(device.plan)], device.environ, lambda _: device.adjust(made))
    assert ended == code
    assert ("refused a redirect" in device.capfd.readouterr().out) == (code == 2)
    assert any(request.server == "cdn" for request in device.hub.requests) == (code == 0)


@pytest.mark.parametrize("target", ["http://[", "http://127.0.0.1:port/"])
def test_a_redirect_to_nowhere_may_pass(device: Device, target: str) -> None:
    device.hub.redirect = target
    assert device.start(weights()) == 1
    assert "gave up" in device.log


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("token", "told"), [("hf_secret", "was sent"), ("", "was not sent")])
def test_a_gated_model_is_explained(device: Device, status: int, token: str, told: str) -> None:
    device.environ["HF_TOKEN"] = token
    device.hub.refusals = [Refusal(status, 99, "/resolve/")]
    assert device.start() == 2
    assert f"{device.hub.url}/{REPO}" in device.log
    assert "licence" in device.log
    assert "settings" in device.log
    assert f"a token {told}" in device.log
    assert "hf_secret" not in device.log
    assert len(device.hub.downloads()) == 1


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        (model(repo="owner/gone"), "owner/gone"),
        (model(revision="0" * 40), "0" * 40),
        (model(branch="gone"), "gone"),
    ],
)
def test_what_is_not_found_is_named(device: Device, entry: dict[str, object], named: str) -> None:
    assert device.start(entry) == 2
    assert named in device.log
    assert "private" in device.log
    assert len(device.hub.requests) == 1


def test_a_file_that_is_gone_is_named(device: Device) -> None:
    device.hub.refusals = [Refusal(404, 99, "/resolve/")]
    assert device.start(weights()) == 2
    assert f"{REPO}/model.gguf" in device.log


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_refusals_are_tried_again(device: Device, status: int) -> None:
    device.hub.refusals = [Refusal(status, 3), Refusal(status, 3, "/resolve/")]
    assert device.start(weights()) == 0
    assert device.pauses == [2.0, 4.0, 8.0] * 2


@pytest.mark.parametrize(("asked", "pause"), [("17", 17.0), ("86400", 300.0), ("soon", 2.0)])
def test_the_pause_the_hub_asks_for_is_kept(device: Device, asked: str, pause: float) -> None:
    device.hub.refusals = [Refusal(429, 1, headers={"Retry-After": asked})]
    assert device.start(weights()) == 0
    assert device.pauses == [pause]


def test_other_refusals_need_a_person(device: Device) -> None:
    device.hub.refusals = [Refusal(451)]
    assert device.start() == 2
    assert "451" in device.log
