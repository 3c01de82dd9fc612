# What the compile steps of our buildpacks share; they source it.

say() { printf -- '-----> %s\n' "$*"; }
detail() { printf '       %s\n' "$*"; }
complain() { printf ' !     %s\n' "$*"; }
indented() { "$@" 2>&1 </dev/null | sed -u 's/^/       /'; }

# load_config_vars ENV_DIR: config vars are for the build too, except those that would change the tools themselves.
load_config_vars() {
  local file name value
  for file in "$1"/*; do
    name=${file##*/}
    case $name in
      '*' | PATH | HOME | PWD | OLDPWD | IFS | SHELL | SHELLOPTS | ENV | TMPDIR | UID | EUID | PPID | GROUPS | FUNCNAME | \
        BASH* | DIRSTACK | LD_* | GIT_DIR | GIT_WORK_TREE | CPATH | CPPATH | LIBRARY_PATH | STACK | SOURCE_VERSION | \
        REQUEST_ID | _ | build_dir | cache_dir | env_dir | file | name | value | PYTHONHOME | GEM_HOME | GEM_PATH | \
        JAVA_TOOL_OPTIONS) ;;
      *)
        value=$(cat -- "$file" && printf x)
        export "$name=${value%x}"
        ;;
    esac
  done
}

# bounded FOLDER MB: empties a folder of the cache that grew over its limit.
bounded() {
  if [ -d "$1" ] && [ "$(du -sm "$1" | cut -f 1)" -gt "$2" ]; then
    detail "The cache ${1##*/} is over $2 MB and is emptied"
    rm -rf "$1"
  fi
}
