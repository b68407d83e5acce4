# Completion of eulab for bash: eulab completion bash >~/.local/share/bash-completion/completions/eulab
# or, in ~/.bashrc: eval "$(eulab completion bash)"
# shellcheck shell=bash

# What stands there is known to eulab alone: it is asked for each word.
_eulab() {
	local line=${COMP_LINE:0:COMP_POINT} word cut piece kind
	local -a words answer
	# Words as eulab sees them: bash takes them apart at = and : too.
	read -r -a words <<<"$line"
	word=
	[[ $line == *[[:space:]] ]] || word=${words[-1]}
	[[ -z $word ]] || unset 'words[-1]'
	mapfile -t answer < <("${words[0]}" complete -- "${words[@]:1}" "$word" 2>/dev/null)
	kind=${answer[0]-none}
	# Only what is behind the last of those is replaced.
	cut=${word%"${word##*[=:]}"}
	piece=${word#"$cut"}
	COMPREPLY=()
	local one
	for one in "${answer[@]:1}"; do
		one=${one%%$'\t'*}
		[[ $one == "$word"* ]] && COMPREPLY+=("${one#"$cut"}")
	done
	if [[ $kind == files || $kind == folders ]]; then
		local how=-f
		[[ $kind == files ]] || how=-d
		compopt -o filenames
		while read -r one; do COMPREPLY+=("$one"); done < <(compgen "$how" -- "$piece")
	fi
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=:] ]] && compopt -o nospace
	return 0
}

complete -F _eulab eulab
