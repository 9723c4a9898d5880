# Completes psyberg in fish. Save it as ~/.config/fish/completions/psyberg.fish
function __psyberg_complete
    set -l current (commandline -ct)
    set -l words (commandline -opc)
    set -l psyberg $words[1]
    set -e words[1]
    set -l lines ($psyberg completion fish --candidates -- $words "$current" 2>/dev/null)
    set -l kind $lines[1]
    set -e lines[1]
    if test (count $lines) -gt 0
        printf '%s\n' $lines
    end
    switch "$kind"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current" ''
    end
end
complete -c psyberg -f -a '(__psyberg_complete)'
