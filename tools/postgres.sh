#!/usr/bin/env bash
# A PostgreSQL cluster for tests: in a folder of its own, on a Unix socket there, with fsync on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/setup.sh
source tools/setup.sh

usage() {
    cat <<'END'
usage: tools/postgres.sh start|stop|kill|remove|promote FOLDER | standby FOLDER PRIMARY

  start    installs Debian's PostgreSQL if it is missing, makes a cluster in FOLDER unless there is
           one, starts it, and prints the URL of its database
  stop     ends the server in order
  kill     ends the server as a power cut would (its next start recovers)
  remove   ends the server and removes FOLDER
  standby  makes and starts a copy in FOLDER of the cluster in PRIMARY, which from then on commits
           nothing before the copy has it (synchronous_commit = remote_apply), and prints the URL
           that finds whichever of the two takes writes
  promote  makes a standby take writes

As root the server runs as the user postgres, who must be able to enter FOLDER's parents.
END
}

[[ $# -eq 2 || ($# -eq 3 && $1 == standby) ]] || { usage >&2; exit 2; }
action=$1
primary=${3:+$(realpath -m -- "$3")}
folder=$(realpath -m -- "$2")
data=$folder/data
socket=$folder/socket
programs=

# Debian makes and starts a cluster on installation, unless told not to.
install_postgres() {
    local settings=/etc/postgresql-common/createcluster.d/counterfoil.conf
    [[ -n $(missing_packages postgresql-15) ]] || return 0
    if ((EUID == 0)); then
        mkdir -p "${settings%/*}"
        printf 'create_main_cluster = false\n' >"$settings"
    fi
    install_packages postgresql-15 >&2
}

find_programs() {
    programs=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null |
        sort -V | tail -n 1)
    [[ -n $programs ]] || fail "PostgreSQL's programs are not in /usr/lib/postgresql"
}

# PostgreSQL refuses to run as root.
as_server() {
    if ((EUID == 0)); then
        (cd / && setpriv --reuid postgres --regid postgres --clear-groups "$@")
    else
        "$@"
    fi
}

make_cluster() {
    mkdir -p "$folder" "$socket"
    ((EUID != 0)) || chown postgres:postgres "$folder" "$socket"
    as_server "$programs/initdb" --pgdata "$data" --username postgres --auth trust \
        --encoding UTF8 --locale C.UTF-8 --no-instructions >&2
    cat >>"$data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$socket'
max_connections = 200
max_prepared_transactions = 50
log_min_messages = warning
END
}

# ask SOCKET STATEMENT
ask() {
    "$programs/psql" --host "$1" --username postgres --no-psqlrc --tuples-only --quiet \
        --dbname postgres --command "$2"
}

wait_until_ready() {
    local try
    for ((try = 0; try < 600; try++)); do
        sleep 0.1
        "$programs/pg_isready" --quiet --host "$socket" && return 0
    done
    fail "the server in $folder did not start; see $folder/server.log"
}

# All of the server's processes: what one of them leaves must not meet the next server.
kill_all() {
    local process processes try
    process=$(head -n 1 "$data/postmaster.pid")
    mapfile -t processes < <(pgrep --parent "$process"; printf '%s\n' "$process")
    kill -KILL "${processes[@]}" 2>/dev/null || true
    for process in "${processes[@]}"; do
        for ((try = 0; try < 500; try++)); do
            kill -0 "$process" 2>/dev/null || break
            sleep 0.01
        done
    done
}

start() {
    install_postgres
    find_programs
    [[ -f $data/PG_VERSION ]] || make_cluster
    as_server "$programs/pg_ctl" status --pgdata "$data" >/dev/null 2>&1 ||
        as_server "$programs/pg_ctl" start --pgdata "$data" --wait --timeout 60 \
            --log "$folder/server.log" >&2
    # After a crash pg_ctl believes what the old server left in postmaster.pid.
    "$programs/pg_isready" --quiet --host "$socket" --timeout 0 || wait_until_ready
    # Whoever tests is a plain user of the database, as a server should be.
    if ! ask "$socket" "SELECT 1 FROM pg_roles WHERE rolname = 'counterfoil'" | grep -q 1; then
        ask "$socket" "CREATE ROLE counterfoil LOGIN CREATEDB" >&2
        ask "$socket" "CREATE DATABASE counterfoil OWNER counterfoil" >&2
    fi
    printf 'postgresql://counterfoil@/counterfoil?host=%s\n' "$socket"
}

# The copy is made before the primary waits for it: promoted, it must not wait for itself.
standby() {
    local try
    find_programs
    mkdir -p "$folder" "$socket"
    ((EUID != 0)) || chown postgres:postgres "$folder" "$socket"
    as_server "$programs/pg_basebackup" --host "$primary/socket" --username postgres \
        --pgdata "$data" --wal-method stream --checkpoint fast --write-recovery-conf >&2
    as_server tee -a "$data/postgresql.conf" >/dev/null <<END
unix_socket_directories = '$socket'
END
    start >/dev/null
    ask "$primary/socket" "ALTER SYSTEM SET synchronous_standby_names = '*'" >&2
    ask "$primary/socket" "ALTER SYSTEM SET synchronous_commit = 'remote_apply'" >&2
    ask "$primary/socket" "SELECT pg_reload_conf()" >/dev/null
    for ((try = 0; try < 300; try++)); do
        [[ $(ask "$primary/socket" "SELECT sync_state FROM pg_stat_replication") == *sync ]] &&
            break
        sleep 0.1
    done
    ((try < 300)) || fail "the standby in $folder does not follow; see $folder/server.log"
    printf 'postgresql://counterfoil@/counterfoil?host=%s,%s&target_session_attrs=read-write\n' \
        "$primary/socket" "$socket"
}

promote() {
    find_programs
    as_server "$programs/pg_ctl" promote --pgdata "$data" --wait --timeout 60 >&2
}

stop() {
    find_programs
    [[ -f $data/postmaster.pid ]] || return 0
    kill -0 "$(head -n 1 "$data/postmaster.pid")" 2>/dev/null || return 0 # left by a kill
    as_server "$programs/pg_ctl" stop --pgdata "$data" --mode "$1" --wait --timeout 60 >&2
}

case $action in
    start) start ;;
    stop) stop fast ;;
    kill) kill_all ;;
    standby) standby ;;
    promote) promote ;;
    remove)
        [[ -f $data/PG_VERSION || ! -e $folder ]] || fail "$folder is not a cluster's folder"
        stop immediate
        rm -rf -- "$folder"
        ;;
    *) usage >&2; exit 2 ;;
esac
