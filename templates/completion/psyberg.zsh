#compdef psyberg
# Completes psyberg in zsh. Save it as _psyberg in a folder of $fpath, or load it behind compinit with:
# source <(psyberg completion zsh)
_psyberg() {
  local kind='' value description
  local -a candidates
  while IFS=$'\t' read -r value description; do
    if [[ -z $kind ]]; then
      kind=$value
    else
      candidates+=("${value//:/\\:}${description:+:$description}")
    fi
  done < <("${(Q)words[1]/#\~/$HOME}" completion zsh --candidates -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)
  local shown=1
  if (( ${#candidates} > 0 )); then
    _describe -t psyberg psyberg candidates && shown=0
  fi
  case $kind in
    files) compset -P '--*='; _files && shown=0 ;;
    folders) compset -P '--*='; _files -/ && shown=0 ;;
  esac
  return $shown
}
if [[ $funcstack[1] == _psyberg ]]; then
  _psyberg "$@"
else
  compdef _psyberg psyberg
fi
