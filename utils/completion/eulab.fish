# Completion of eulab for fish: eulab completion fish >~/.config/fish/completions/eulab.fish

# What stands there is known to eulab alone: it is asked for each word.
function __eulab
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($words[1] complete -- $words[2..] "$current" 2>/dev/null)
    # A file may stand behind --flag= in the same word.
    set -l flag (string match -r -- '^--[^=]*=' "$current")
    set -l path (string replace -r -- '^--[^=]*=' '' "$current")
    switch "$answer[1]"
        case files
            for one in (__fish_complete_path "$path")
                echo "$flag$one"
            end
        case folders
            for one in (__fish_complete_directories "$path")
                echo "$flag$one"
            end
    end
    for one in $answer[2..]
        echo "$one"
    end
end

complete -c eulab -f -a '(__eulab)'
