"""Images of containers, as layouts, tarballs and `docker save` write them."""

from __future__ import annotations

import json

from archives import image, image_config, opened, tarred

CONFIG = image_config(
    {
        "Env": ["TOKEN=abc", 'Q="x y"'],
        "Labels": {"maintainer": "ada"},
        "Cmd": ["serve", "--key", "k"],
    },
    'RUN curl -H "Authorization: x" https://example.org',
    "COPY . /app",
)


def test_environment_labels_command_and_history_are_lines() -> None:
    assert opened(CONFIG).members == {
        "env": b'TOKEN=abc\nQ="x y"\n',
        "labels": b"maintainer=ada\n",
        "command": b"serve\n--key\nk\n",
        "history": b'RUN curl -H "Authorization: x" https://example.org\nCOPY . /app\n',
    }


def test_a_tarball_of_an_image_is_opened_down_to_the_files_of_its_layers() -> None:
    layer = tarred({"etc/app.env": b"A=b", ".wh.old": b""}, "gz")
    files = image([layer, tarred({"srv/b": b"text"})], CONFIG)
    found = opened(tarred(files), "image.tar")
    by_name = {name.rpartition("!/")[2]: content for name, content in found.members.items()}
    assert by_name["etc/app.env"] == b"A=b"
    assert by_name["srv/b"] == b"text"
    assert by_name["env"] == b'TOKEN=abc\nQ="x y"\n'
    digest = next(name for name, content in files.items() if content == layer)
    assert f"image.tar!/{digest}!/etc/app.env" in found.texts
    assert found.troubles == []


def test_what_docker_saved_before_it_knew_layouts() -> None:
    files = {
        "manifest.json": b'[{"Config": "abc.json", "Layers": ["def/layer.tar"]}]',
        "abc.json": CONFIG,
        "def/layer.tar": tarred({"app.env": b"A=b"}),
    }
    found = opened(tarred(files))
    assert found.members["def/layer.tar!/app.env"] == b"A=b"
    assert found.members["abc.json!/env"].startswith(b"TOKEN=abc")


def test_other_json_is_left_as_it_is() -> None:
    for said in (
        {"architecture": "amd64", "rootfs": 1, "config": [], "history": {"a": 1}},
        {"architecture": "amd64", "rootfs": {}, "config": {"Env": "x", "Labels": []}, "history": 7},
    ):
        found = opened(json.dumps(said).encode())
        assert found.members == {}
    assert opened(b'{"architecture": "rootfs", "rootfs"').troubles == []
