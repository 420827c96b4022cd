#!/usr/bin/env bash
# system-packages.sh [--test]: PostgreSQL with PostGIS, and with --test Chromium, a Chinese font and Java, unless here.
#
# As root or with sudo by apt. With neither, the same packages are unpacked: PostgreSQL into the data folder's system/,
# from where gridmap runs it (gridmap/store/_postgres_programs.py knows how), Chromium into .setup/browser, Java into
# .setup/java.
set -euo pipefail
cd "$(dirname "$0")/.."
setup=$PWD/.setup
mkdir -p "$setup"
oldest=15
oldest_java=17

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

if [[ -n ${GRIDMAP_DATA_DIR:-} ]]; then data=$GRIDMAP_DATA_DIR
elif ((EUID == 0)); then data=/var/lib/gridmap
else data=${XDG_DATA_HOME:-$HOME/.local/share}/gridmap; fi
unpacked=$data/system
browser=$setup/browser
java=$setup/java

# has_postgis ROOT: PostgreSQL, new enough, with PostGIS, installed or unpacked below ROOT
has_postgis() {
  local folder version
  for folder in "$1"/usr/lib/postgresql/*/; do
    version=$(basename "$folder")
    [[ $version =~ ^[0-9]+$ ]] && ((version >= oldest)) && [[ -x $folder/bin/postgres ]] &&
      [[ -e $1/usr/share/postgresql/$version/extension/postgis.control ]] && return
  done
  return 1
}

# has_browser: as chromium in the PATH that `make test` sets; one of another name gets a link there
has_browser() {
  [[ -x $setup/bin/chromium ]] || command -v chromium >/dev/null && return
  local other
  other=$(command -v chromium-browser || command -v google-chrome || command -v google-chrome-stable) || return
  mkdir -p "$setup/bin" && ln -s "$other" "$setup/bin/chromium"
}
has_font() { [[ -x $setup/bin/chromium ]] || compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*'; } >/dev/null

# has_java: new enough for Spark, in the PATH that `make test` sets
has_java() {
  local version
  version=$(PATH=$setup/bin:$PATH java -version 2>&1 | sed -nE 's/.*version "(1\.)?([0-9]+).*/\2/p') || return
  [[ -n $version ]] && ((version >= oldest_java))
}

# java_package: the oldest one that is new enough, which Spark knows best
java_package() {
  "$@" pkgnames openjdk- | sed -nE 's/^openjdk-([0-9]+)-jre-headless$/\1/p' | sort -n |
    awk -v oldest=$oldest_java '$1 >= oldest { print "openjdk-" $1 "-jre-headless"; exit }'
}

# postgis_package: the newest one that apt knows; the index is read without asking for any right
postgis_package() {
  "$@" pkgnames postgresql- | sed -nE 's/^postgresql-([0-9]+)-postgis-3$/\1/p' | sort -rn |
    awk -v oldest=$oldest '$1 >= oldest { print "postgresql-" $1 "-postgis-3"; exit }'
}

apt_install() {
  local guard=/etc/postgresql-common/createcluster.d/gridmap.conf log=$setup/apt.log
  local get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  local install=("${get[@]}" install --yes --no-install-recommends "$@")
  say "system packages: $*"
  # else the package makes and starts a cluster that nobody asked for
  "${as_root[@]}" mkdir -p "${guard%/*}"
  echo 'create_main_cluster = false' | "${as_root[@]}" tee "$guard" >/dev/null
  local done=true
  # the index may be too old for its files still to be there: then once more with a new one
  "${install[@]}" >"$log" 2>&1 </dev/null || { "${get[@]}" update && "${install[@]}"; } >>"$log" 2>&1 </dev/null || done=false
  "${as_root[@]}" rm -f "$guard"
  $done || { tail -n 5 "$log" >&2; return 1; }
}

# unpack FOLDER PACKAGE...: the same files without any right, in a folder of our own
unpack() {
  local target=$1 apt=$setup/apt file; shift
  local own=(-qq -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Debug::NoLocking=1)
  # called where bash ignores set -e: each step says itself that it failed
  rm -rf "$apt/cache" "$target.new" &&
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$target.new" &&
    apt-get "${own[@]}" update || return
  [[ $1 != postgresql ]] || set -- "$(postgis_package apt-cache "${own[@]:1}")"
  [[ $1 != openjdk ]] || set -- "$(java_package apt-cache "${own[@]:1}")"
  [[ -n $1 ]] || { echo 'apt knows no such package that is new enough'; return 1; }
  apt-get "${own[@]}" install --yes --no-install-recommends --download-only "$@" || return
  for file in "$apt"/cache/archives/*.deb; do dpkg-deb --extract "$file" "$target.new" || return; done
  rm -rf "$target" "$apt/cache" && mv "$target.new" "$target"
}

# link_extensions: the links that PostGIS's install script would have made into /etc/alternatives
link_extensions() {
  local file
  for file in "$unpacked"/usr/share/postgresql/*/extension/postgis*-3.control; do
    ln -sf "$(basename "$file")" "${file%-3.control}.control"
  done
}

# wrap_browser: a chromium in .setup/bin that knows where its libraries and fonts are; `make test` has it in its PATH
wrap_browser() {
  local libraries
  libraries=$(find "$browser/usr/lib" "$browser/lib" -name '*.so*' -printf '%h\n' 2>/dev/null | sort -u | paste -s -d :)
  cat >"$browser/fonts.conf" <<XML
<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>$browser/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>$browser/cache</cachedir></fontconfig>
XML
  mkdir -p "$setup/bin"
  cat >"$setup/bin/chromium.new" <<SH
#!/bin/sh
export LD_LIBRARY_PATH='$libraries' FONTCONFIG_FILE='$browser/fonts.conf'
exec '$browser/usr/lib/chromium/chromium' "\$@"
SH
  chmod +x "$setup/bin/chromium.new"
  mv "$setup/bin/chromium.new" "$setup/bin/chromium"
}

# wrap_java: its settings are links to /etc, which are led to where they were unpacked; and a java in .setup/bin
wrap_java() {
  local link libraries programs
  find "$java" -type l -lname '/etc/*' | while read -r link; do ln -sfn "$java$(readlink "$link")" "$link"; done
  libraries=$(find "$java/usr/lib" "$java/lib" -name '*.so*' -printf '%h\n' 2>/dev/null | sort -u | paste -s -d :)
  programs=("$java"/usr/lib/jvm/*/bin/java)
  mkdir -p "$setup/bin"
  printf '#!/bin/sh\nexport LD_LIBRARY_PATH=%q\nexec %q "$@"\n' "$libraries" "${programs[0]}" >"$setup/bin/java.new"
  chmod +x "$setup/bin/java.new"
  mv "$setup/bin/java.new" "$setup/bin/java"
}

# as_root: how to become root; fails when there is no way
as_root=()
may_install() {
  command -v apt-get >/dev/null || return 1
  ((EUID == 0)) && return
  command -v sudo >/dev/null || return 1
  as_root=(sudo -n)
  sudo -n true 2>/dev/null
}

database_here() { has_postgis "" || has_postgis "$unpacked"; }
test_here() { has_browser && has_font; }

wanted=()
database_here || wanted+=(database)
[[ ${1:-} != --test ]] || test_here || wanted+=(browser)
[[ ${1:-} != --test ]] || has_java || wanted+=(java)
((${#wanted[@]})) || exit 0

no_browser="Chromium and a Chinese font cannot be had, and browser tests need them: install chromium and fonts-noto-cjk"
no_java="Java $oldest_java or newer cannot be had, and the tests of --engine spark need it: install"
no_java+=" openjdk-$oldest_java-jre-headless"

if may_install; then
  if [[ ${wanted[*]} == *database* ]]; then
    package=$(postgis_package apt-cache)
    if [[ -z $package ]]; then
      "${as_root[@]}" apt-get -qq update >"$setup/apt.log" 2>&1 || true
      package=$(postgis_package apt-cache)
    fi
    [[ -n $package ]] || die "apt knows no PostgreSQL $oldest or newer with PostGIS: add a package source that has" \
      "postgresql-$oldest-postgis-3"
    { apt_install "$package" && database_here; } ||
      die "apt could not install $package: see $setup/apt.log, mend it, and run this again"
  fi
  if [[ ${wanted[*]} == *browser* ]]; then
    { apt_install chromium fonts-noto-cjk && test_here; } || say "$no_browser (see $setup/apt.log)"
  fi
  if [[ ${wanted[*]} == *java* ]]; then
    package=$(java_package apt-cache)
    { apt_install "${package:-openjdk-$oldest_java-jre-headless}" && has_java; } || say "$no_java (see $setup/apt.log)"
  fi
  exit 0
fi

{ command -v apt-get && command -v dpkg-deb; } >/dev/null ||
  die "missing: ${wanted[*]}, and there is no apt: install PostgreSQL $oldest or newer with PostGIS below" \
    "/usr/lib/postgresql, and for the tests chromium, a Noto CJK font and Java $oldest_java or newer"
if [[ ${wanted[*]} == *database* ]]; then
  say "no right to install packages: unpacking PostgreSQL and PostGIS into $unpacked"
  { unpack "$unpacked" postgresql && link_extensions; } >"$setup/unpack.log" 2>&1 ||
    die "PostgreSQL could not be unpacked (see $setup/unpack.log): ask an administrator to install" \
      "postgresql-$oldest-postgis-3, then run this again"
fi
if [[ ${wanted[*]} == *browser* ]]; then
  say "no right to install packages: unpacking Chromium and a Chinese font into $browser"
  { unpack "$browser" chromium fonts-noto-cjk fonts-dejavu-core && wrap_browser && "$setup/bin/chromium" --version; } \
    >"$setup/unpack.log" 2>&1 ||
    say "$no_browser (see $setup/unpack.log)"
fi
if [[ ${wanted[*]} == *java* ]]; then
  say "no right to install packages: unpacking Java into $java"
  { unpack "$java" openjdk && wrap_java && has_java; } >"$setup/unpack.log" 2>&1 || say "$no_java (see $setup/unpack.log)"
fi
