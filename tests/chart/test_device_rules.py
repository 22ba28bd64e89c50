"""What the device's lint and its installer ask of a chart (Olares market contract 3 and 9)."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.tokens import ScalarToken

from chartgen.chart import gpu_demand
from chartgen.facts import Facts
from chartgen.quantities import quantity
from chartgen.spec.rules import RESERVED
from chartgen.vram import plan
from tests.chart.reading import Installed, amount, at, entries, reads, table, words

QUANTITY = re.compile(
    r"(?:\d+(?:\.\d+)?(?:[eE][-+]?(\d+|i))?(?:[kKMGTP]?i?|[mMGTPE])?|[kKMGTP]i|[mMGTPE])"
)
FLAT = {
    f"{word}{kind}" for word in ("required", "limited") for kind in ("Cpu", "Memory", "Disk", "Gpu")
}
DEMANDS = ("Cpu", "Memory", "Disk", "GPUMemory")
MANIFESTS = ("OlaresManifest.yaml", "Chart.yaml", "values.yaml", "owners")
LANGUAGES = ("en-US", "zh-CN")
URL = re.compile(r"https?://[^/\s]+(/\S*)?")


def test_one_name_everywhere(it: Installed) -> None:
    chart = reads(it.chart.files["Chart.yaml"])
    name = it.app.name
    assert re.fullmatch(r"[a-z0-9]{1,30}", name)
    assert name not in RESERVED
    names = [it.folder.name, at(chart, "name"), at(it.manifest, "metadata", "name")]
    assert [*names, at(it.manifest, "metadata", "appid")] == [name] * 4
    assert at(it.deployment, "metadata", "name") == name
    assert at(it.objects["Service"], "metadata", "name") == name


def test_one_version_everywhere(it: Installed) -> None:
    chart = reads(it.chart.files["Chart.yaml"])
    places = [at(chart, "version"), at(it.manifest, "metadata", "version"), it.chart.version]
    assert [*places, at(it.manifest, "spec", "versionName")] == [it.app.version] * 4
    assert len(it.app.version) <= 16
    assert (at(chart, "apiVersion"), at(chart, "type")) == ("v2", "application")
    assert isinstance(at(chart, "appVersion"), str)


def test_the_manifest_is_of_its_generation(it: Installed) -> None:
    assert at(it.manifest, "olaresManifest.version") == "0.12.0"
    assert at(it.manifest, "olaresManifest.type") == "app"
    assert at(it.manifest, "apiVersion") == "v3"
    (olares,) = entries(it.manifest, "options", "dependencies")
    assert olares == {"name": "olares", "type": "system", "version": ">=1.12.6-0"}


def test_the_manifest_holds_no_template(it: Installed) -> None:
    """L06: the device reads it as literal YAML; braces may stand in quoted scalars only."""
    text = it.chart.files["OlaresManifest.yaml"]
    for token in reversed(list(YAML(typ="safe", pure=True).scan(text))):
        if isinstance(token, ScalarToken) and not token.plain:
            text = text[: token.start_mark.index] + text[token.end_mark.index :]
    assert "metadata:" in text
    assert "{{" not in text
    assert "}}" not in text


@pytest.mark.parametrize(
    "path", [*MANIFESTS, *(f"i18n/{tag}/OlaresManifest.yaml" for tag in LANGUAGES)]
)
def test_old_and_new_readers_of_yaml_see_the_same(it: Installed, path: str) -> None:
    text = it.chart.files[path]
    assert reads(text, version=(1, 1)) == reads(text)


def test_the_texts_are_there_in_both_languages(it: Installed) -> None:
    metadata = table(it.manifest, "metadata")
    assert 1 <= len(str(metadata["title"])) <= 30
    assert metadata["description"]
    assert URL.fullmatch(str(metadata["icon"]))
    assert words(metadata, "categories") == ["AI"]
    assert words(it.manifest, "spec", "locale") == list(LANGUAGES)
    for tag in LANGUAGES:
        local = reads(it.chart.files[f"i18n/{tag}/OlaresManifest.yaml"])
        assert set(table(local, "metadata")) == {"title", "description"}
        assert set(table(local, "spec")) == {"fullDescription", "upgradeDescription"}
        assert all(table(local, "metadata").values())
        assert all(table(local, "spec").values())
    english = reads(it.chart.files["i18n/en-US/OlaresManifest.yaml"])
    for field, text in table(english, "spec").items():
        assert text == at(it.manifest, "spec", field)


def test_no_text_quotes_a_fact_unfilled(it: Installed) -> None:
    for path in ("OlaresManifest.yaml", "i18n/zh-CN/OlaresManifest.yaml", "Chart.yaml"):
        assert not re.search(r"\{[a-z_]*\}", it.chart.files[path])


def test_what_official_charts_carry(it: Installed) -> None:
    spec = table(it.manifest, "spec")
    for field in ("website", "sourceCode", "doc"):
        assert URL.fullmatch(str(spec[field])), field
    assert spec["developer"]
    assert spec["submitter"]
    (licence,) = entries(spec, "license")
    assert set(table(licence)) == {"text", "url"}
    assert words(reads(it.chart.files["owners"]), "owners") == list(it.app.owners)
    assert it.chart.files[".helmignore"]
    assert at(it.manifest, "options", "apiTimeout") == 0


def test_the_entrance(it: Installed) -> None:
    """L13 to L20."""
    (door,) = entries(it.manifest, "entrances")
    assert re.fullmatch(r"[a-z0-9A-Z-]{1,63}", str(at(door, "name")))
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])", str(at(door, "host")))
    assert len(str(at(door, "host"))) <= 63
    assert re.fullmatch(r"[a-z0-9A-Z\s-]{1,30}", str(at(door, "title")))
    assert at(door, "authLevel") in ("public", "private", "internal")
    assert at(door, "openMethod") == "window"
    assert URL.fullmatch(str(at(door, "icon")))
    assert at(door, "host") == at(it.objects["Service"], "metadata", "name")


def test_the_port_is_one_number(it: Installed) -> None:
    (door,) = entries(it.manifest, "entrances")
    (service,) = entries(it.objects["Service"], "spec", "ports")
    (port,) = entries(it.engine, "ports")
    arguments = words(it.engine, "args")
    flag = int(arguments[arguments.index("--port") + 1])
    assert {flag} == {at(door, "port"), at(service, "port"), at(port, "containerPort")}
    assert at(service, "targetPort") == at(port, "name")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert at(it.engine, probe, "httpGet", "port") == at(port, "name")
    assert arguments[arguments.index("--host") + 1] == "0.0.0.0"


def test_the_service_finds_the_pod(it: Installed) -> None:
    labels = at(it.deployment, "spec", "template", "metadata", "labels")
    assert at(it.objects["Service"], "spec", "selector") == labels
    assert at(it.deployment, "spec", "selector", "matchLabels") == labels


def test_the_accelerator(it: Installed) -> None:
    """3.3: every quantity in both columns as a text, limited at least required."""
    fields = {f"{word}{kind}" for word in ("required", "limited") for kind in DEMANDS}
    assert set(table(it.demand)) == {"mode", *fields}
    assert at(it.demand, "mode") == "nvidia"
    for kind in DEMANDS:
        low, high = at(it.demand, f"required{kind}"), at(it.demand, f"limited{kind}")
        assert all(isinstance(text, str) and QUANTITY.fullmatch(text) for text in (low, high))
        assert 0 < amount(low) <= amount(high), kind
    assert words(it.manifest, "spec", "supportArch") == ["amd64"]


def test_no_flat_resource_fields(it: Installed) -> None:
    assert not (FLAT | {"supportedGpu"}) & set(table(it.manifest, "spec"))


def test_the_gpu_demand_is_the_planned_total(it: Installed, facts: Facts) -> None:
    planned = plan(it.app, facts)
    demand = at(it.demand, "requiredGPUMemory")
    assert demand == at(it.demand, "limitedGPUMemory") == quantity(gpu_demand(planned))
    assert amount(demand) == 23982 * (1 << 20) == planned.device.cuda_total.value
    assert planned.need.value <= amount(demand)
    if it.app.engine.kind == "vllm":
        flags = dict(pairwise(words(it.engine, "args")))
        share = Fraction(flags["--gpu-memory-utilization"]) * amount(demand)
        assert abs(planned.limit.size - share) <= 1
    else:
        assert planned.limit.size == amount(demand)


def test_the_disk_demand_covers_the_files_and_the_cache(it: Installed, facts: Facts) -> None:
    found = [facts.find(model.repo, model.file) for model in it.app.models]
    files = sum(item[1].on_disk.high for item in found if item)
    assert len(found) == len(it.app.models)
    assert amount(at(it.demand, "requiredDisk")) > files
    assert amount(at(it.demand, "limitedDisk")) > amount(at(it.demand, "requiredDisk"))


@pytest.mark.parametrize(("kind", "key"), [("cpu", "Cpu"), ("memory", "Memory")])
def test_the_containers_stay_inside_the_demand(it: Installed, kind: str, key: str) -> None:
    """L45 and L46; init containers are held to the same although the lint skips them."""
    containers = entries(it.pod, "containers")
    for container in (*containers, *entries(it.pod, "initContainers")):
        low = amount(at(container, "resources", "requests", kind))
        high = amount(at(container, "resources", "limits", kind))
        assert 0 < low <= high
        assert low <= amount(at(it.demand, f"required{key}"))
        assert high <= amount(at(it.demand, f"limited{key}"))
    requests = sum(amount(at(item, "resources", "requests", kind)) for item in containers)
    limits = sum(amount(at(item, "resources", "limits", kind)) for item in containers)
    assert requests <= amount(at(it.demand, f"required{key}"))
    assert limits <= amount(at(it.demand, f"limited{key}"))


def test_no_container_asks_for_a_gpu_itself(it: Installed) -> None:
    for container in (*entries(it.pod, "containers"), *entries(it.pod, "initContainers")):
        for level in ("requests", "limits"):
            assert set(table(container, "resources", level)) == {"cpu", "memory"}


def test_the_gpu_goes_to_a_container_that_there_is(it: Installed) -> None:
    annotations = table(it.deployment, "metadata", "annotations")
    chosen = str(annotations["applications.app.bytetrade.io/gpu-inject"]).split(",")
    assert chosen == [at(it.engine, "name")]


def test_workload_replicas_are_the_rendered_workloads(it: Installed) -> None:
    workloads = [kind for kind in it.objects if kind in ("Deployment", "StatefulSet")]
    names = [at(it.objects[kind], "metadata", "name") for kind in workloads]
    assert table(it.manifest, "workloadReplicas") == {it.app.name: 1} == dict.fromkeys(names, 1)
    assert at(it.values, "workloads", it.app.name, "replicaCount") == 1


def test_replicas_come_without_a_default(it: Installed) -> None:
    lines = re.findall(r"replicas:.*", it.chart.files["templates/deployment.yaml"])
    assert lines == [f"replicas: {{{{ .Values.workloads.{it.app.name}.replicaCount }}}}"]


def test_folders_of_the_host_need_recreate(it: Installed) -> None:
    paths = [at(volume, "hostPath", "path") for volume in volumes(it, "hostPath")]
    assert paths
    assert all(str(path).startswith("/rootfs/") for path in paths)
    assert at(it.deployment, "spec", "strategy") == {"type": "Recreate"}


def volumes(it: Installed, kind: str) -> list[dict[str, object]]:
    found = [table(volume) for volume in entries(it.pod, "volumes")]
    return [volume for volume in found if kind in volume]


def test_every_mount_has_its_volume(it: Installed) -> None:
    there = {str(at(volume, "name")) for volume in entries(it.pod, "volumes")}
    used = {
        str(at(mount, "name"))
        for container in (it.engine, it.fetch)
        for mount in entries(container, "volumeMounts")
    }
    assert used == there


def test_no_olares_user_in_templates_and_values(it: Installed) -> None:
    assert "OLARES_USER" not in it.templates
    names = [str(at(variable, "envName")) for variable in entries(it.manifest, "envs")]
    assert not [name for name in names if name.startswith("OLARES_USER")]


def test_every_declared_variable_is_used_and_every_used_one_declared(it: Installed) -> None:
    declared = {at(variable, "envName") for variable in entries(it.manifest, "envs")}
    used = set(re.findall(r"\.Values\.olaresEnv\.(\w+)", it.templates))
    assert declared == used == set(table(it.values, "olaresEnv"))
    for variable in entries(it.manifest, "envs"):
        assert at(variable, "type") in ("url", "password")
        assert at(variable, "required") is False
        assert str(at(variable, "valueFrom", "envName")).startswith("OLARES_USER_HUGGINGFACE_")


def test_every_value_used_has_a_default(it: Installed) -> None:
    used = set(re.findall(r"\.Values((?:\.\w+)+)", it.templates))
    assert used
    for path in used:
        at(it.values, *path.strip(".").split("."))


def test_every_folder_used_is_permitted(it: Installed) -> None:
    used = set(re.findall(r"\.Values\.userspace\.(\w+)", it.templates))
    assert table(it.manifest, "permission") == dict.fromkeys(used, True)
    assert used <= {"appData", "appCache"}


def test_every_object_lies_in_the_apps_namespace(it: Installed) -> None:
    assert {at(document, "metadata", "namespace") for document in it.objects.values()} == {"space"}


def test_nothing_that_the_device_refuses(it: Installed) -> None:
    """Providers, shared scope, privileges, sub-path expressions, other service accounts."""
    assert not {"provider", "sharedEntrances", "middleware"} & set(table(it.manifest))
    assert not {"shared", "templateOnly"} & set(table(it.manifest, "options"))
    assert "securityContext" not in it.templates
    assert "subPathExpr" not in it.templates
    assert "chown" not in it.templates
    assert "serviceAccountName" not in table(it.pod)


def test_service_links_do_not_reach_the_engine(it: Installed) -> None:
    assert at(it.pod, "enableServiceLinks") is False
    assert at(it.pod, "automountServiceAccountToken") is False


def test_loading_may_take_as_long_as_the_spec_says(it: Installed) -> None:
    probe = table(it.engine, "startupProbe")
    budget = int(str(probe["periodSeconds"])) * int(str(probe["failureThreshold"]))
    minutes = it.app.resources.start_minutes
    assert minutes * 60 <= budget < minutes * 60 + int(str(probe["periodSeconds"]))
    assert "initialDelaySeconds" not in probe


def test_the_token_comes_from_the_secret_and_only_to_the_download(it: Installed) -> None:
    (token,) = [item for item in entries(it.fetch, "env") if at(item, "name") == "HF_TOKEN"]
    secret = it.objects["Secret"]
    reference = table(token, "valueFrom", "secretKeyRef")
    assert reference == {"name": at(secret, "metadata", "name"), "key": "HF_TOKEN"}
    assert set(table(secret, "stringData")) == {"HF_TOKEN"}
    assert not [item for item in entries(it.engine, "env") if at(item, "name") == "HF_TOKEN"]


def test_the_download_brings_what_the_engine_opens(it: Installed) -> None:
    fetched = reads(str(at(it.objects["ConfigMap"], "data", "models.json")))
    root = str(at(fetched, "root"))
    folders = [f"{root}/{at(model, 'into')}" for model in entries(fetched, "models")]
    opened = [word for word in words(it.engine, "args") if word.startswith(f"{root}/")]
    assert len(opened) == len(it.app.models)
    assert all(any(path.startswith(folder) for folder in folders) for path in opened)
    assert mounts(it.fetch)[root] == mounts(it.engine)[root]


def test_the_download_finds_its_program(it: Installed) -> None:
    files = table(it.objects["ConfigMap"], "data")
    (programs,) = volumes(it, "configMap")
    assert programs["configMap"] == {"name": at(it.objects["ConfigMap"], "metadata", "name")}
    (folder,) = [path for path, name in mounts(it.fetch).items() if name == programs["name"]]
    *_, package, plan_file = words(it.fetch, "command")
    assert folder == f"{at(it.fetch, 'workingDir')}/{package}"
    assert plan_file == f"{package}/models.json"
    assert {"__init__.py", "__main__.py", "models.json"} <= set(files)
    for name, text in files.items():
        if name.endswith(".py"):
            compile(str(text), name, "exec")


def mounts(container: object) -> dict[str, str]:
    found = entries(container, "volumeMounts")
    return {str(at(mount, "mountPath")): str(at(mount, "name")) for mount in found}


def test_the_engine_cannot_change_the_models(it: Installed) -> None:
    (models,) = [
        item for item in entries(it.engine, "volumeMounts") if at(item, "name") == "models"
    ]
    assert at(models, "readOnly") is True


def test_compiled_kernels_outlive_the_pod(it: Installed) -> None:
    hosts = {
        at(volume, "name"): at(volume, "hostPath", "path") for volume in volumes(it, "hostPath")
    }
    kept = [
        folder
        for folder, name in mounts(it.engine).items()
        if str(hosts.get(name, "")).startswith("/rootfs/cache/")
    ]
    variables = {at(item, "name"): str(at(item, "value")) for item in entries(it.engine, "env")}
    caches = ["CUDA_CACHE_PATH"]
    caches += ["VLLM_CACHE_ROOT", "TRITON_CACHE_DIR"] if it.app.engine.kind == "vllm" else []
    assert len(kept) == 1
    assert all(variables[name].startswith(f"{kept[0]}/") for name in caches)


def test_shared_memory_is_as_the_spec_says(it: Installed) -> None:
    shared = [volume for volume in volumes(it, "emptyDir") if volume["name"] == "shm"]
    wanted = it.app.resources.shm
    sizes = [at(volume, "emptyDir") for volume in shared]
    assert sizes == ([{"medium": "Memory", "sizeLimit": wanted}] if wanted else [])
    assert ("/dev/shm" in mounts(it.engine)) == bool(wanted)
    assert bool(wanted) == (it.app.engine.kind == "vllm")


def test_images_are_named_literally(it: Installed) -> None:
    """The device looks every image up by the text that stands in the rendered chart."""
    pattern = r"docker\.io/[a-z0-9/._-]+:[\w.-]+(@sha256:[0-9a-f]{64})?"
    for container in (it.engine, it.fetch):
        assert re.fullmatch(pattern, str(at(container, "image")))
