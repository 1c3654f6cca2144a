# What ./run and ./test have in common: install what is missing, configure a build folder once, build quietly.
# Sourced, from the top folder, by a script with "set -euo pipefail".

# Debian 12's packages and why each is needed. The first word is the package.
build_packages=(
  "g++             the compiler"
  "meson           describes the build"
  "ninja-build     runs the build"
  "pkg-config      finds libraries"
  "libasio-dev     sockets and timers (headers only)"
  "node-llhttp     the HTTP/1 parser, as C files"
  "libssl-dev      TLS"
  "libc-ares-dev   asks name servers without blocking"
  "libicu-dev      international host names and character sets"
  "libnghttp2-dev  the frames of HTTP/2"
  "libpsl-dev      which part of a host name is a site (the public suffix list)"
  "libuchardet-dev guesses the encoding of pages that do not say it"
  "zlib1g-dev      gzip and deflate"
  "libbrotli-dev   br"
  "libzstd-dev     zstd"
  "rapidjson-dev   reads JSON (headers only)"
  "libcli11-dev    reads the command line (headers only)"
  "libtomlplusplus-dev  reads weft.toml, a project's settings"
  "libsqlite3-dev  keeps a crawl that can be resumed"
  "libre2-dev      regular expressions that no pattern can make slow"
  "libxml2-dev     XPath and XML"
  "libedit-dev     edits the lines of weft shell; without it the terminal does"
)
test_packages=(
  "doctest-dev     the test framework"
  "python3         runs and sums the tests"
  "aspell          checks the spelling of the documents"
  "aspell-en       its British dictionary"
)
all_packages=(
  "clang-16            the second compiler"
  "libclang-rt-16-dev  its thread sanitizer"
  "cmake               a CMake project uses the installed weft"
  "openssl             its s_client and s_server talk to our TLS"
  "socat               so does socat"
  "python3-twisted            and Twisted"
  "python3-service-identity   Twisted's check of host names"
  "curl                       so does curl"
  "apache2-utils              and ab, with our servers"
  "wrk                        and wrk"
  "slowhttptest               clients that are slow on purpose"
  "nginx-light                so do HTTP servers: nginx"
  "nghttp2-client             HTTP/2's own client and load generator"
  "nghttp2-server             and its server"
  "tinyproxy                  an HTTP proxy"
  "microsocks                 and a SOCKS proxy"
  "doxygen                    makes the reference of the interface"
  "cmark-gfm                  and pages of the documents, as GitHub does"
  "dpkg-dev                   packs weft as a Debian package"
  "tmux                       a terminal, in which the tutorial is followed"
  "python3-websockets         so do WebSockets of Python's websockets"
  "python3-autobahn           and of Autobahn"
  "chromium-headless-shell    a browser, for the pages of the samples"
  "python3-openssl            makes certificates, also bad ones, for these tests"
  "python3-lxml               reads the same pages as our HTML rooms"
  "python3.11-doc             530 such pages"
  "libboost1.74-doc           and 3,804 more"
)

# How build/ is configured. Not --buildtype=release: Meson 1.0 makes -O3 of it, whatever -Doptimization says.
build_options=(-Doptimization=2 -Ddebug=false -Db_ndebug=true)
# For who wants weft built rather than changed: less than half the time.
quick_options=("${build_options[@]}" -Dfloors_unity=true)

# Where ccache is installed, it need not preprocess a file that it does not have yet: the compiler says what was included.
export CCACHE_DEPEND=1

say() { printf '%s\n' "$*" >&2; }

# needPackages PACKAGES...: installs those that are missing, or says what to do and ends the script.
needPackages() {
  [ -z "${WEFT_SKIP_PACKAGES:-}" ] || return 0
  local names=() missing=() name line
  for line; do names+=("${line%% *}"); done
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "This script installs what weft needs on Debian 12 and its relatives only (there is no apt-get here)."
    say "Install the counterparts of these packages yourself, then run it again with WEFT_SKIP_PACKAGES=1:"
    printf '  %s\n' "$@" >&2
    exit 1
  fi
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${names[@]}" 2>/dev/null || true)
  for name in "${names[@]}"; do
    grep -qxF "installed $name" <<<"$installed" || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  say "Missing packages:"
  for line; do
    for name in "${missing[@]}"; do [ "${line%% *}" != "$name" ] || say "  $line"; done
  done
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      say "Installing them needs root, and there is no sudo. As root: apt-get install -y --no-install-recommends ${missing[*]}"
      exit 1
    fi
    as_root=(sudo)
    [ -t 0 ] || as_root=(sudo -n)
  fi
  local log
  log=$(mktemp)
  say "Installing them with ${as_root[*]:+${as_root[*]} }apt-get ..."
  if ! { "${as_root[@]}" apt-get update || true
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
       >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    say "Installing failed (see above). By hand, as root: apt-get install -y --no-install-recommends ${missing[*]}"
    exit 1
  fi
  rm -f "$log"
}

declare -A options_of=()  # by folder, for setting it up again

# What a folder was made with, and for which place.
stampOf() { printf '%s' "$PWD ${CXX:-} $*"; }

# isConfigured FOLDER MESON-OPTIONS...: was it made with these very options in this very place?
isConfigured() {
  local folder=$1
  shift
  [ -f "$folder/build.ninja" ] && [ "$(cat "$folder/.weft-setup" 2>/dev/null)" = "$(stampOf "$@")" ]
}

# configureBuild: build/, for ./run and ./test. One that ./test --all has made, where each file is compiled by itself, serves as well.
configureBuild() {
  local options=("${quick_options[@]}")
  if isConfigured build "${build_options[@]}"; then options=("${build_options[@]}"); fi
  configure build "${options[@]}"
}

# configure FOLDER MESON-OPTIONS...: meson setup, unless that is done.
configure() {
  local folder=$1
  shift
  options_of[$folder]=$*
  if isConfigured "$folder" "$@"; then return 0; fi
  if [ -e "$folder" ] && [ ! -e "$folder/meson-private" ] && [ ! -e "$folder/setup.log" ]; then
    say "$folder/ is in the way: it is no build folder of Meson's. Move it and run this again."
    exit 1
  fi
  say "Configuring $folder/ ..."
  rm -rf "$folder"
  mkdir "$folder"
  if ! meson setup "$folder" "$@" >"$folder/setup.log" 2>&1; then
    tail -n 20 "$folder/setup.log" >&2
    say "Configuring failed; its whole log is $folder/setup.log"
    exit 1
  fi
  stampOf "$@" >"$folder/.weft-setup"
}

# build FOLDER TARGETS...: ninja, silent when there is nothing to do. What it printed is in FOLDER/build.log.
build() {
  local folder=$1 status=0 jobs options
  shift
  jobs=$(nproc 2>/dev/null || echo 2)
  # Meson's own files may be out of step (another version of Meson, an option gone): then make the folder anew.
  if ! ninja -C "$folder" build.ninja >"$folder/build.log" 2>&1; then
    rm -f "$folder/.weft-setup"
    read -ra options <<<"${options_of[$folder]}"
    configure "$folder" "${options[@]}"
  fi
  if [ -t 2 ]; then
    ninja -C "$folder" -j"$jobs" "$@" 2>&1 | tee "$folder/build.log" | showProgress || status=1
  else
    ninja -C "$folder" -n "$@" 2>/dev/null | grep -q 'no work to do' || say "Building $folder/ (log: $folder/build.log) ..."
    ninja -C "$folder" -j"$jobs" "$@" >"$folder/build.log" 2>&1 || status=1
  fi
  if [ $status -ne 0 ]; then
    grep -vE '^(\[[0-9]+/[0-9]+\] (Compil|Link|Generat)|ninja: Entering)' "$folder/build.log" | head -n 100 >&2
    say "The build failed; its whole log is $folder/build.log"
    exit 1
  fi
}

# One line that changes, while ninja has something to do.
showProgress() {
  local line shown='' columns
  columns=$(tput cols 2>/dev/null || echo 80)
  while IFS= read -r line; do
    [[ $line == "["* ]] || continue
    printf '\r\033[K%.*s' $((columns - 1)) "$line" >&2
    shown=1
  done
  [ -z "$shown" ] || printf '\r\033[K' >&2
}
