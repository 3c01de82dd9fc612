# Runs a dyno's command: the profile scripts first, then the command, each seeing what came before.
__paddock_command=$1
set --
if [ -s /.name ]; then
    # A dyno that was prepared before anybody knew which of its type it would be.
    read -r DYNO </.name
    export DYNO
fi
for __paddock_script in /app/.profile.d/*.sh; do
    if [ -r "$__paddock_script" ]; then
        . "$__paddock_script"
    fi
done
if [ -r /app/.profile ]; then
    . /app/.profile
fi
unset __paddock_script
case $__paddock_command in
*[\;\&\|\<\>\(\)\{\}\`]* | *$'\n'*)
    # When the dyno is stopped every process gets SIGTERM. This shell then waits for the program it runs and ends
    # with its status; if it died first, everything else would be killed at once.
    trap 'exit $?' TERM
    eval "$__paddock_command"
    exit
    ;;
"exec "*)
    eval "$__paddock_command"
    exit
    ;;
*)
    # A simple command. Where it is known to be a program this shell becomes it; else one that is started here does,
    # which knows functions, assignments and words of its own.
    __paddock_first=${__paddock_command%%[[:space:]]*}
    case $__paddock_first in
    '' | time | coproc | *[!A-Za-z0-9_./+-]*) ;;
    */*)
        if [ -x "$__paddock_first" ] && [ ! -d "$__paddock_first" ]; then
            eval "exec $__paddock_command"
        fi
        ;;
    *)
        # Builtins and functions are not remembered.
        hash -- "$__paddock_first" 2>/dev/null
        if [ -n "${BASH_CMDS[$__paddock_first]:-}" ]; then
            eval "exec $__paddock_command"
        fi
        ;;
    esac
    exec /bin/bash -c "$__paddock_command"
    ;;
esac
