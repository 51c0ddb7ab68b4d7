"""The routes of the drawing page; DNS rebinding, CSRF and path traversal are refused."""

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from mnistcli import datasets
from tests.drawing_page.conftest import COMMAND
from tests.support.strokes import draw_digit

pytest.importorskip("starlette", reason="needs the extra draw")
pytest.importorskip("httpx2", reason="needs httpx2")
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mnistcli.drawing_page.app import MAX_BODY

if TYPE_CHECKING:
    from mnistcli.drawing_page.drawing_predictor import DrawingPredictor

PAGE = "http://127.0.0.1:8028"


def png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


SEVEN = png(draw_digit(7))


@pytest.fixture
def client(app: Starlette) -> TestClient:
    return TestClient(app, base_url=PAGE, headers={"Origin": PAGE})


def test_the_page_may_load_nothing_and_send_only_to_its_server(client: TestClient) -> None:
    response = client.get("/")

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_drawing_is_predicted_like_an_image_file(
    client: TestClient, predictor: "DrawingPredictor"
) -> None:
    answer = client.post("/predict", content=SEVEN).json()

    expected = predictor.predict(SEVEN)
    assert (answer["text"], answer["guess"], answer["model"]) == ("7", "7", "pretrained")
    (digit,) = answer["digits"]
    assert digit["probabilities"] == expected.digits[0].probabilities.tolist()
    pixels = np.frombuffer(base64.b64decode(digit["image"]), np.uint8).reshape(28, 28)
    assert (pixels == expected.digits[0].detection.image).all()


def test_several_digits_are_read_as_a_number(client: TestClient) -> None:
    image = Image.new("L", (400, 200), 255)
    for left, digit in ((0, 5), (200, 9)):
        image.paste(draw_digit(digit), (left, 0))

    answer = client.post("/predict", content=png(image)).json()

    assert answer["text"] == "59"
    assert [digit["digit"] for digit in answer["digits"]] == [5, 9]


def test_the_occlusion_map_shows_the_fall_of_the_probability(
    client: TestClient, predictor: "DrawingPredictor"
) -> None:
    digit = predictor.predict(SEVEN).digits[0]
    pixels = digit.detection.image

    response = client.post("/occlusion", content=pixels.tobytes())

    occlusion_map = np.reshape(response.json()["occlusion_map"], (28, 28))
    assert (occlusion_map[pixels > 128].max(), occlusion_map[0, 0]) == (occlusion_map.max(), 0)
    assert occlusion_map.max() > 0.001


def test_a_corrected_drawing_becomes_a_dataset(client: TestClient, corrections_dir: Path) -> None:
    wrong = client.post("/corrections?label=1&digit=0", content=SEVEN).json()
    right = client.post("/corrections?label=7&digit=0", content=SEVEN).json()

    assert (right["count"], right["command"]) == (1, COMMAND)
    assert not Path(wrong["path"]).exists()
    assert Path(right["path"]).parent == corrections_dir / "7"
    test = datasets.load(str(corrections_dir)).test
    assert test.labels.tolist() == [7]
    Path(right["path"]).unlink()


def test_one_digit_of_a_number_is_corrected(
    client: TestClient, predictor: "DrawingPredictor", corrections_dir: Path
) -> None:
    image = Image.new("L", (400, 200), 255)
    for left, digit in ((0, 5), (200, 9)):
        image.paste(draw_digit(digit), (left, 0))

    answer = client.post("/corrections?label=4&digit=1", content=png(image)).json()

    stored = np.asarray(Image.open(answer["path"]))
    assert (stored == predictor.predict(png(image)).digits[1].detection.image).all()
    (corrections_dir / "4" / Path(answer["path"]).name).unlink()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8028", 200),
        ("localhost:9000", 200),
        ("[::1]:8028", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:8028", 403),
        ("localhost.evil.example", 403),
        ("192.168.0.2:8028", 403),
        ("[", 403),
        ("", 403),
    ],
)
def test_a_foreign_host_is_refused(client: TestClient, host: str, status: int) -> None:
    assert client.get("/", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    "origin", ["", "null", "http://evil.example", "http://localhost:8028", "https://127.0.0.1:8028"]
)
def test_a_foreign_origin_is_refused(client: TestClient, origin: str) -> None:
    response = client.post("/predict", content=SEVEN, headers={"Origin": origin})

    assert response.status_code == 403
    assert response.json() == {"error": "the request does not come from this page"}


def test_a_large_body_is_refused(client: TestClient) -> None:
    parts = (bytes(2**20) for _ in range(MAX_BODY // 2**20 + 1))

    declared = client.post("/predict", content=b"", headers={"Content-Length": str(100 * 2**20)})
    undeclared = client.post("/predict", content=parts)

    assert (declared.status_code, undeclared.status_code) == (413, 413)
    assert undeclared.json() == {"error": f"an image has at most {MAX_BODY // 2**20} MiB"}


@pytest.mark.parametrize("name", ["etc/passwd", "page.js", "..%2f..%2fetc/passwd", "corrections/7"])
def test_no_file_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/{name}").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/predict", b"", 422),
        ("/predict", b"not an image", 422),
        ("/occlusion", bytes(783), 400),
        ("/corrections?label=10&digit=0", SEVEN, 400),
        ("/corrections?label=../7&digit=0", SEVEN, 400),
        ("/corrections?label=7&digit=1", SEVEN, 400),
        ("/corrections?label=7", SEVEN, 400),
    ],
)
def test_bad_requests_end_in_one_line(
    client: TestClient, path: str, body: bytes, status: int
) -> None:
    response = client.post(path, content=body)

    assert response.status_code == status
    assert "\n" not in response.json()["error"]


def test_an_unwritable_folder_is_an_error_on_the_page(
    client: TestClient, corrections_dir: Path
) -> None:
    corrections_dir.mkdir(exist_ok=True)
    (corrections_dir / "3").write_text("a file in place of the folder")

    response = client.post("/corrections?label=3&digit=0", content=SEVEN)
    (corrections_dir / "3").unlink()

    assert response.status_code == 422
    assert response.json()["error"].startswith("cannot write ")
