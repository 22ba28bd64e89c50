"""What the Gemma 4 apps share."""

from chartgen.spec import License

DEVELOPER = "Google DeepMind"
WEBSITE = "https://ai.google.dev/gemma"
LICENSE = License(
    text="Apache 2.0",
    url="https://www.apache.org/licenses/LICENSE-2.0",
    note="sources differ: the market's own record says Apache 2.0, others the Gemma Terms of Use",
)
