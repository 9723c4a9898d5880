# Completes psyberg in bash. Load it with: eval "$(psyberg completion bash)"
_psyberg() {
  local kind='' value _
  local current=${COMP_WORDS[COMP_CWORD]}
  [[ $current == '=' ]] && current=''
  COMPREPLY=()
  while IFS=$'\t' read -r value _; do
    if [[ -z $kind ]]; then kind=$value; else COMPREPLY+=("$value"); fi
  done < <("${COMP_WORDS[0]/#\~/$HOME}" completion bash --candidates -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  local action=''
  [[ $kind == files ]] && action=-f
  [[ $kind == folders ]] && action=-d
  if [[ -n $action ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen "$action" -- "$current")
  fi
}
complete -F _psyberg psyberg
