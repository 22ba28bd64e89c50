"""All rules of the lint: their ids, titles and weights; behind each stands a page.

L rules are those of the device, numbered as in Olares market contract 3.5, with those that
its recorded verdicts add; the store's bot and the older checker share them. S rules are about
the chart as files, H rules are the house's own, W rules are about waivers and C rules about a
catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from types import MappingProxyType

from chartgen.lint.finding import Finding, Problem, Profile, Severity, Verdict

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
_NONE: Mapping[Profile, Severity] = MappingProxyType({})
_NOT_DEVICE = {Profile.DEVICE: WARNING, Profile.STORE: WARNING, Profile.LEGACY: WARNING}
"""For what the device lives with, or refuses under a rule of its own."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `severity` holds for every profile that `elsewhere` does not name.

    A finding of a rule that `leaves_open` says that a check could not run: without an error
    beside it the verdict is unknown.
    """

    id: str
    title: str
    severity: Severity = ERROR
    elsewhere: Mapping[Profile, Severity] = field(default_factory=lambda: _NONE)
    leaves_open: bool = False

    @property
    def waivable(self) -> bool:
        """Whether a chart may waive it: rules of the house alone."""
        return self.id.startswith("H")


_RULES = (
    Rule("L00", "the manifest decodes: YAML of the types that the device declares"),
    Rule("L01", "the chart's folder has a name of 1 to 30 lower-case letters and digits"),
    Rule("L02", "Chart.yaml, values.yaml, templates/ and OlaresManifest.yaml are there"),
    Rule("L03", "Chart.yaml says apiVersion, name and version"),
    Rule("L04", "folder, Chart.yaml and manifest agree on name and version"),
    Rule("L05", "a manifest before 0.12.0 renders as a template for every kind of owner"),
    Rule("L06", "a manifest from 0.12.0 on is plain YAML, without template actions"),
    Rule("L07", "olaresManifest.version is set"),
    Rule("L08", "apiVersion is empty, v1, v2 or v3"),
    Rule("L09", "name and title have 1 to 30 bytes; description, icon and version are set"),
    Rule("L10", "the icon is an http or https address with a host"),
    Rule("L11", "metadata.version is a version number"),
    Rule("L12", "metadata has known keys; tags and locales are well formed, each once"),
    Rule("L13", "there are 1 to 10 entrances"),
    Rule("L14", "entrance names differ"),
    Rule("L15", "an entrance's name and host are DNS labels of at most 63 characters"),
    Rule("L16", "an entrance's port is a port"),
    Rule("L17", "an entrance's title has 1 to 30 bytes"),
    Rule("L18", "an entrance's title has letters, digits, hyphens and spaces only"),
    Rule("L19", "authLevel and openMethod are words that the device knows"),
    Rule("L20", "an entrance's icon is an address"),
    Rule("L21", "a manifest before 0.12.0 says cpu, memory and disk as quantities"),
    Rule("L22", "requiredGpu, limitedGpu and limitedDisk are quantities where they are set"),
    Rule("L23", "a manifest from 0.12.0 on has resources: accelerator or the flat fields"),
    Rule("L24", "accelerator and flat resource fields do not stand together"),
    Rule("L25", "each accelerator entry is complete, for a known mode, once"),
    Rule("L26", "a limit is not below what is required"),
    Rule("L27", "supportArch has known architectures, once each, and those the modes need"),
    Rule("L28", "a dependency has a name, a version and a known type"),
    Rule("L29", "the range of the dependency on olares fits the manifest's generation"),
    Rule("L30", "options do not contradict each other, and policies are complete"),
    Rule("L31", "an apiVersion v2 chart lists its subcharts, one of them shared"),
    Rule("L32", "externalData and provider stand in manifests of their generation only"),
    Rule("L33", "workloadReplicas is there from 0.12.0 on"),
    Rule("L34", "workloadReplicas declares every workload that takes its replicas from values"),
    Rule("L35", "replicas come from .Values.workloads.NAME.replicaCount and nothing else"),
    Rule("L36", "a v3 chart does not name OLARES_USER variables in templates or values"),
    Rule("L37", "an app that is installed several times names its objects by release"),
    Rule("L38", "a chart that mounts the app's data asks for permission.appData"),
    Rule("L39", "a chart that uses common or external data asks for that permission"),
    Rule("L40", "real Helm loads and renders the chart"),
    Rule("L41", "an app has a Deployment or StatefulSet of its own name"),
    Rule("L42", "options.upload.dest lies on a mounted path"),
    Rule("L43", "a workload with a hostPath is not rolled over two pods at once"),
    Rule("L44", "objects stay in the app's namespace"),
    Rule("L45", "every container says requests and limits of cpu and memory"),
    Rule("L46", "the containers together stay within what the manifest declares"),
    Rule("L47", "service accounts may not change nodes or network policies"),
    Rule("L48", "images of others run neither privileged nor as root"),
    Rule("L49", "no subPathExpr, and no recursive chown of a host's folder"),
    Rule("L50", "the store's bot finds folder, title, version and categories in order"),
    Rule("L51", "overlay gateway entrances are complete and lead to a workload"),
    Rule("L52", "the name is not one of the system's own"),
    Rule("L53", "workloads are objects of apps/v1 as Kubernetes reads them"),
    Rule("L54", "user names and databases of middleware are named as the device can take them"),
    Rule("L55", "a port's name has letters, digits and hyphens only"),
    Rule("S01", "the chart is a folder or a file that can be read"),
    Rule("S02", "a package is whole gzip and tar"),
    Rule("S03", "a chart stays within 32 MiB, and a file within 5 MiB"),
    Rule("S04", "a chart has at most 2000 files and folders, 24 levels deep"),
    Rule("S05", "paths are plain and stay below the chart's folder"),
    Rule("S06", "a chart has plain files only, no links and no devices", ERROR, _NOT_DEVICE),
    Rule("S07", "every path is there once"),
    Rule("S08", "a package holds one folder"),
    Rule("S09", "nothing follows the end of a package", WARNING),
    Rule("S10", "YAML and templates are UTF-8", ERROR, _NOT_DEVICE),
    Rule("S11", "the manifest has its exact name and place", WARNING),
    Rule("S12", "packages in charts/ are sound themselves"),
    Rule("S13", "values.schema.json refers to nothing outside itself"),
    Rule("S20", "every check could run", NOTE, leaves_open=True),
    Rule("S21", "the lint could judge the chart", WARNING, leaves_open=True),
    Rule("S30", "the file `owners` lists the accounts that may change the app in the store"),
    Rule("S31", "files that suspend or remove an app stand where that is meant"),
    Rule("H01", "images have a tag or digest that is not `latest`", WARNING),
    Rule("H02", "image references stand in quotes", NOTE),
    Rule("H03", "templates use values that values.yaml or the device provides", WARNING),
    Rule("H04", "pods switch service links off", WARNING),
    Rule("H05", "a container that serves has a readiness or startup probe", WARNING),
    Rule("H06", "every locale has its texts", WARNING),
    Rule("H07", "metadata.version has at most 16 characters"),
    Rule("H08", "spec.versionName is Chart.yaml's appVersion", WARNING),
    Rule("H09", "an entrance's host is a Service of the chart"),
    Rule("H10", "an entrance's port is a port of its Service"),
    Rule("H11", "titles have letters, digits, hyphens and spaces only", WARNING),
    Rule("H12", "a hostPath lies in the user's space", WARNING),
    Rule("H13", "an optional environment variable with a pattern has a default", WARNING),
    Rule("H14", "templates use declared environment variables only"),
    Rule("H15", "declared environment variables are used", NOTE),
    Rule("H16", "an app for a GPU has it injected", WARNING),
    Rule("H17", "containers ask for GPU memory as a bare number, and for no whole GPU", WARNING),
    Rule("H18", "an entrance is not open to the whole internet", WARNING),
    Rule("H19", "requiredGPUMemory is what the app needs at its peak", NOTE),
    Rule("H20", "a GPU app does not offer a cpu mode beside it", NOTE),
    Rule("H21", "metadata.appid is set", NOTE),
    Rule("H22", "an entrance has an icon", NOTE),
    Rule("H23", "developer, website and licence are named", NOTE),
    Rule("H24", "apiVersion is not v2"),
    Rule("H25", "no access token lies in the chart"),
    Rule("H26", "containers install nothing from moving sources when they start", WARNING),
    Rule("H27", "a Service leads to a port that its pods open", NOTE),
    Rule("H28", "the app is in a category", WARNING),
    Rule("H29", "no container lifts the device's GPU memory limit", WARNING),
    Rule("H30", "a GPU app from before 0.12.0 says how much GPU memory it needs", WARNING),
    Rule("H31", "the chart renders with the values of an install", WARNING, leaves_open=True),
    Rule("C01", "the address of a source is https, without a query"),
    Rule("C02", "every answer of a source arrives, with status 200"),
    Rule("C03", "info and details are typed as JSON"),
    Rule("C04", "answers are JSON as Go reads it"),
    Rule("C05", "hash and info have the types that the client decodes"),
    Rule("C06", "the source's id has no underscore and is told once"),
    Rule("C07", "the hash is one and the same, and changes with the content alone", WARNING),
    Rule("C10", "every entry of the info is an object whose id is its key"),
    Rule("C11", "an app's id is what a device computes from its name"),
    Rule("C12", "no app, id or name is there twice"),
    Rule("C13", "details hold the apps that were asked for, all and alone"),
    Rule("C14", "an app's version is a string of 1 to 16 characters"),
    Rule("C15", "an app's row fits the client's database"),
    Rule("C16", "every field of the details has the type that the client keeps"),
    Rule("C17", "fields of the details have the catalogue's spelling"),
    Rule("C18", "no label hides an app that lists offer"),
    Rule("C19", "labels do what they seem to", WARNING),
    Rule("C20", "the content of a page is an array of objects, as JSON in a string"),
    Rule("C21", "lists name apps, and lists of topics name topics"),
    Rule("C22", "what the layout names is there", WARNING),
    Rule("C23", "every app is in a category that the sidebar shows in each language", WARNING),
    Rule("C24", "info and details tell the same of an app", WARNING),
    Rule("C25", "an unknown id is answered with no app", WARNING),
    Rule("C30", "every package can be fetched"),
    Rule("C31", "a package is one folder of the app's name, with its manifest"),
    Rule("C32", "a package tells the catalogue's name and version"),
    Rule("C33", "a package is the same at every address"),
    Rule("C35", "every icon can be fetched"),
    Rule("C36", "an icon is a PNG or WEBP of 256 pixels and at most 512 KiB", WARNING),
    Rule("C37", "catalogue and chart name the same icon", WARNING),
    Rule("C40", "a source serves clients from Olares 1.12.7 on too", WARNING),
    Rule("C41", "the answers for newer clients have their types and units"),
    Rule("C42", "older and newer clients see the same apps", WARNING),
    Rule("C43", "the range of Olares versions of an app can be read"),
    Rule("C50", "a catalog on disk agrees with its ledger and its packages"),
    Rule("C51", "the index of a catalog is as it was built", WARNING),
    Rule("C60", "every part of the source could be asked", NOTE, leaves_open=True),
    Rule("C61", "what lies elsewhere was looked at too", NOTE),
    Rule("W01", "waivers have not expired"),
    Rule("W02", "a waiver names a rule of the house, a reason and a date"),
    Rule("W03", "no waiver names a rule of the device"),
    Rule("W04", "a waiver is still needed", WARNING),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in _RULES})
"""All rules by id, in the order of the table."""

_LEAVE_OPEN = frozenset(one.id for one in _RULES if one.leaves_open)


def rule(name: str) -> Rule | None:
    """The rule of that id, in any case of letters."""
    return RULES.get(name.strip().upper())


def near(name: str) -> Sequence[str]:
    """Up to three ids of rules that are spelled like that, or whose title speaks of it."""
    word = name.strip()
    spelled = get_close_matches(word.upper(), RULES, n=3, cutoff=0.6)
    told = [one.id for one in _RULES if word.lower() in one.title.lower()]
    return list(dict.fromkeys([*spelled, *(told if len(word) > 2 else [])]))[:3]


def page(name: str) -> str:
    """The page of a rule, as Markdown."""
    return (files("chartgen.lint") / "pages" / f"{name}.md").read_text("utf-8")


def weigh(problems: Iterable[Problem], profile: Profile) -> tuple[Finding, ...]:
    """The problems as a profile weighs them, in their order."""
    return tuple(Finding(one, profile, severity(one.rule, profile)) for one in problems)


def severity(name: str, profile: Profile) -> Severity:
    """How much a broken rule weighs in a profile; an error where the table has no such rule."""
    known = RULES.get(name)
    return known.elsewhere.get(profile, known.severity) if known else ERROR


def verdict(findings: Iterable[Finding]) -> Verdict:
    """What the findings of one profile come to."""
    seen = list(findings)
    if any(finding.severity is ERROR for finding in seen):
        return Verdict.REFUSE
    if any(finding.problem.rule in _LEAVE_OPEN for finding in seen):
        return Verdict.UNKNOWN
    return Verdict.ACCEPT
