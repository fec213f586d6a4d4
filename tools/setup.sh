# shellcheck shell=bash disable=SC2034 # the lists are used by those who source this
# Shared by ./run and ./check: progress lines, and what a fresh machine lacks. Sourced by bash from
# the root of the repository.

RUN_PACKAGES=(gcc libc6-dev meson ninja-build python3 ca-certificates curl
    libjansson-dev libmicrohttpd-dev libssl-dev libcurl4-openssl-dev libseccomp-dev libpq-dev
    libcbor-dev libsodium-dev libgmime-3.0-dev
    libvectorscan-dev libpcre2-dev libicu-dev)
CHECK_PACKAGES=(libcmocka-dev clang clang-format clang-tidy libclang-rt-14-dev llvm cppcheck
    universal-ctags shellcheck golang-go golang-golang-x-mod-dev chromium
    postgresql-15 fido2-tools python3-aiosmtpd python3-numpy)

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command in silence; its output is shown only if it fails.
quietly() {
    local what=$1 log
    shift
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        fail "$what failed (the output stands above)"
    fi
    rm -f "$log"
}

# Prints those of the packages that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            printf '%s\n' "$package"
    done
}

# These come from Debian or from elsewhere (nodejs.org, a PATH of one's own); any will do.
missing_commands() {
    command -v pkg-config >/dev/null || printf 'pkg-config\n'
    command -v node >/dev/null || printf 'nodejs\n'
    command -v npm >/dev/null || printf 'npm\n'
}

install_packages() {
    command -v dpkg-query >/dev/null ||
        fail "this needs Debian 12 or a relative of it; elsewhere install what tools/setup.sh lists"
    local missing
    mapfile -t missing < <(missing_packages "$@"; missing_commands)
    ((${#missing[@]})) || return 0
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    ((EUID == 0)) || fail "not root: run  apt-get install ${missing[*]}  as root, then try again"
    export DEBIAN_FRONTEND=noninteractive
    quietly "apt-get update" apt-get update -q
    quietly "apt-get install" apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# node_modules follows the lock file; the stamp makes a second call instant, also without network.
install_npm() {
    local stamp=node_modules/.counterfoil-stamp wanted
    wanted="$(sha256sum package-lock.json | cut -d' ' -f1) $(uname -m)"
    [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && return 0
    say "installing npm packages (test tools, the console's libraries, SQLite's source)"
    quietly "npm ci" npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
    printf '%s' "$wanted" >"$stamp"
}

build_console() {
    [[ -f console/package.json ]] || return 0
    quietly "building the console" npm run --silent build --prefix console
}

# configure FOLDER ARGUMENT… : sets the build folder up, anew if it was made with other arguments.
configure() {
    local folder=$1
    shift
    if [[ -f $folder/build.ninja && $(<"$folder/arguments") == "${CC:-cc} $*" ]]; then
        return 0
    fi
    rm -rf "$folder"
    meson setup "$folder" "$@" || return 1
    printf '%s' "${CC:-cc} $*" >"$folder/arguments"
}
