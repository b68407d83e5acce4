#compdef eulab
# Completion of eulab for zsh: eval "$(eulab completion zsh)" in ~/.zshrc, behind compinit; or as the file _eulab in a folder of $fpath.

# What stands there is known to eulab alone: it is asked for each word.
_eulab() {
	local kind line word
	local -a answer closed open
	answer=("${(@f)$(${words[1]} complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
	kind=${answer[1]-none}
	for line in "${(@)answer[2,-1]}"; do
		word=${line%%$'\t'*}
		line=${word//:/\\:}:${line#*$'\t'}
		if [[ $word == *[=:] ]]; then open+=("$line"); else closed+=("$line"); fi
	done
	(( ${#closed} )) && _describe eulab closed
	(( ${#open} )) && _describe eulab open -S ''
	if [[ $kind == files || $kind == folders ]]; then
		[[ $PREFIX == --*=* ]] && compset -P '*='
		if [[ $kind == files ]]; then _files; else _files -/; fi
	fi
}

if [[ ${funcstack[1]-} == _eulab ]]; then _eulab "$@"; else compdef _eulab eulab; fi
