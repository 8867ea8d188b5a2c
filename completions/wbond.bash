# SPDX-License-Identifier: LGPL-2.1-or-later
# Made by `make completions`; not to be edited.

_shtab_wbond_wifi_subparsers=(scan list add forget select)
_shtab_wbond_subparsers=(init import check plan apply edit status log up wait down wifi report help)

_shtab_wbond_init_option_strings=(-h --help --ssid --hidden --root)
_shtab_wbond_import_option_strings=(-h --help --from --dry-run --root)
_shtab_wbond_check_option_strings=(-h --help --json --root)
_shtab_wbond_plan_option_strings=(-h --help --tree --diff --json --root)
_shtab_wbond_apply_option_strings=(-h --help --timeout --yes --force --json --quiet --dry-run --confirm --restore)
_shtab_wbond_edit_option_strings=(-h --help --file --timeout --quiet)
_shtab_wbond_status_option_strings=(-h --help -w --watch --json --prometheus --root)
_shtab_wbond_log_option_strings=(-h --help -f --follow --chart -n --lines -S --since -U --until -b --boot --bond --json)
_shtab_wbond_up_option_strings=(-h --help --timeout --quiet)
_shtab_wbond_wait_option_strings=(-h --help --timeout --quiet)
_shtab_wbond_down_option_strings=(-h --help --yes --quiet)
_shtab_wbond_wifi_scan_option_strings=(-h --help --json --bond --root)
_shtab_wbond_wifi_list_option_strings=(-h --help --json --bond --root)
_shtab_wbond_wifi_add_option_strings=(-h --help --stdin --security --hidden --country --priority --identity --anonymous-identity --ca-cert --domain --client-cert --private-key --bond --root)
_shtab_wbond_wifi_forget_option_strings=(-h --help --bond --root)
_shtab_wbond_wifi_select_option_strings=(-h --help --bond --root)
_shtab_wbond_wifi_option_strings=(-h --help)
_shtab_wbond_report_option_strings=(-h --help --anonymous -o --output)
_shtab_wbond_help_option_strings=(-h --help)
_shtab_wbond_option_strings=(-h --help --version)

_shtab_wbond_init___root_COMPGEN=_shtab_compgen_dirs
_shtab_wbond_import___root_COMPGEN=_shtab_compgen_dirs
_shtab_wbond_check_pos_0_COMPGEN=_shtab_compgen_files
_shtab_wbond_check___root_COMPGEN=_shtab_compgen_dirs
_shtab_wbond_plan___root_COMPGEN=_shtab_compgen_dirs
_shtab_wbond_edit___file_COMPGEN=_shtab_compgen_files
_shtab_wbond_status_pos_0_COMPGEN=_wbond_bonds
_shtab_wbond_status___root_COMPGEN=_shtab_compgen_dirs
_shtab_wbond_log___bond_COMPGEN=_wbond_bonds
_shtab_wbond_up_pos_0_COMPGEN=_wbond_bonds
_shtab_wbond_wait_pos_0_COMPGEN=_wbond_bonds
_shtab_wbond_down_pos_0_COMPGEN=_wbond_bonds
_shtab_wbond_wifi_scan___bond_COMPGEN=_wbond_bonds
_shtab_wbond_wifi_scan___root_COMPGEN=_shtab_compgen_dirs
_shtab_wbond_wifi_list___bond_COMPGEN=_wbond_bonds
_shtab_wbond_wifi_list___root_COMPGEN=_shtab_compgen_dirs
_shtab_wbond_wifi_add___bond_COMPGEN=_wbond_bonds
_shtab_wbond_wifi_add___root_COMPGEN=_shtab_compgen_dirs
_shtab_wbond_wifi_forget___bond_COMPGEN=_wbond_bonds
_shtab_wbond_wifi_forget___root_COMPGEN=_shtab_compgen_dirs
_shtab_wbond_wifi_select___bond_COMPGEN=_wbond_bonds
_shtab_wbond_wifi_select___root_COMPGEN=_shtab_compgen_dirs

_shtab_wbond_import___from_choices=(networkmanager netplan ifupdown netctl networkd by-hand)
_shtab_wbond_wifi_add___security_choices=(auto wpa2-wpa3 wpa2 wpa3 open owe peap tls)
_shtab_wbond_wifi_pos_0_choices=(scan list add forget select)
_shtab_wbond_help_pos_0_choices=(init import check plan apply edit status log up wait down wifi report help)
_shtab_wbond_pos_0_choices=(init import check plan apply edit status log up wait down wifi report help)

_shtab_wbond_init__h_nargs=0
_shtab_wbond_init___help_nargs=0
_shtab_wbond_init___hidden_nargs=0
_shtab_wbond_import__h_nargs=0
_shtab_wbond_import___help_nargs=0
_shtab_wbond_import___dry_run_nargs=0
_shtab_wbond_check__h_nargs=0
_shtab_wbond_check___help_nargs=0
_shtab_wbond_check___json_nargs=0
_shtab_wbond_plan__h_nargs=0
_shtab_wbond_plan___help_nargs=0
_shtab_wbond_plan___tree_nargs=0
_shtab_wbond_plan___diff_nargs=0
_shtab_wbond_plan___json_nargs=0
_shtab_wbond_apply__h_nargs=0
_shtab_wbond_apply___help_nargs=0
_shtab_wbond_apply___yes_nargs=0
_shtab_wbond_apply___force_nargs=0
_shtab_wbond_apply___json_nargs=0
_shtab_wbond_apply___quiet_nargs=0
_shtab_wbond_apply___dry_run_nargs=0
_shtab_wbond_apply___confirm_nargs=0
_shtab_wbond_apply___restore_nargs=0
_shtab_wbond_edit__h_nargs=0
_shtab_wbond_edit___help_nargs=0
_shtab_wbond_edit___quiet_nargs=0
_shtab_wbond_status_pos_0_nargs='*'
_shtab_wbond_status__h_nargs=0
_shtab_wbond_status___help_nargs=0
_shtab_wbond_status__w_nargs=0
_shtab_wbond_status___watch_nargs=0
_shtab_wbond_status___json_nargs=0
_shtab_wbond_status___prometheus_nargs=0
_shtab_wbond_log__h_nargs=0
_shtab_wbond_log___help_nargs=0
_shtab_wbond_log__f_nargs=0
_shtab_wbond_log___follow_nargs=0
_shtab_wbond_log___chart_nargs=0
_shtab_wbond_log__b_nargs='?'
_shtab_wbond_log___boot_nargs='?'
_shtab_wbond_log___json_nargs=0
_shtab_wbond_up_pos_0_nargs='*'
_shtab_wbond_up__h_nargs=0
_shtab_wbond_up___help_nargs=0
_shtab_wbond_up___quiet_nargs=0
_shtab_wbond_wait_pos_0_nargs='*'
_shtab_wbond_wait__h_nargs=0
_shtab_wbond_wait___help_nargs=0
_shtab_wbond_wait___quiet_nargs=0
_shtab_wbond_down_pos_0_nargs='*'
_shtab_wbond_down__h_nargs=0
_shtab_wbond_down___help_nargs=0
_shtab_wbond_down___yes_nargs=0
_shtab_wbond_down___quiet_nargs=0
_shtab_wbond_wifi_scan__h_nargs=0
_shtab_wbond_wifi_scan___help_nargs=0
_shtab_wbond_wifi_scan___json_nargs=0
_shtab_wbond_wifi_list__h_nargs=0
_shtab_wbond_wifi_list___help_nargs=0
_shtab_wbond_wifi_list___json_nargs=0
_shtab_wbond_wifi_add__h_nargs=0
_shtab_wbond_wifi_add___help_nargs=0
_shtab_wbond_wifi_add___stdin_nargs=0
_shtab_wbond_wifi_add___hidden_nargs=0
_shtab_wbond_wifi_forget__h_nargs=0
_shtab_wbond_wifi_forget___help_nargs=0
_shtab_wbond_wifi_select__h_nargs=0
_shtab_wbond_wifi_select___help_nargs=0
_shtab_wbond_wifi_pos_0_nargs=A...
_shtab_wbond_wifi__h_nargs=0
_shtab_wbond_wifi___help_nargs=0
_shtab_wbond_report__h_nargs=0
_shtab_wbond_report___help_nargs=0
_shtab_wbond_report___anonymous_nargs=0
_shtab_wbond_help__h_nargs=0
_shtab_wbond_help___help_nargs=0
_shtab_wbond_pos_0_nargs=A...
_shtab_wbond__h_nargs=0
_shtab_wbond___help_nargs=0
_shtab_wbond___version_nargs=0


# Custom Preamble
_wbond_bonds() {
  compgen -W "$(sed -n -e '/^\[DEFAULT[]:]/d' -e 's/^\[\([^]:/]*\)[]:].*/\1/p' /etc/wbond.conf /etc/wbond.conf.d/*.conf 2>/dev/null)" -- "$1"
}
# End Custom Preamble

# $1=COMP_WORDS[1]
_shtab_compgen_files() {
  compgen -f -- $1  # files
}

# $1=COMP_WORDS[1]
_shtab_compgen_dirs() {
  compgen -d -- $1  # recurse into subdirs
}

# $1=COMP_WORDS[1]
_shtab_replace_nonword() {
  echo "${1//[^[:word:]]/_}"
}

# set default values (called for the initial parser & any subparsers)
_set_parser_defaults() {
  local subparsers_var="${prefix}_subparsers[@]"
  sub_parsers=${!subparsers_var-}

  local current_option_strings_var="${prefix}_option_strings[@]"
  current_option_strings=${!current_option_strings_var}

  completed_positional_actions=0

  _set_new_action "pos_$completed_positional_actions" true
}

# $1=action identifier
# $2=positional action (bool)
# set all identifiers for an action's parameters
_set_new_action() {
  current_action="${prefix}_$(_shtab_replace_nonword $1)"

  local current_action_compgen_var=${current_action}_COMPGEN
  current_action_compgen="${!current_action_compgen_var-}"

  local current_action_choices_var="${current_action}_choices[@]"
  current_action_choices="${!current_action_choices_var-}"

  local current_action_nargs_var="${current_action}_nargs"
  if [ -n "${!current_action_nargs_var-}" ]; then
    current_action_nargs="${!current_action_nargs_var}"
  else
    current_action_nargs=1
  fi

  current_action_args_start_index=$(( $word_index + 1 - $pos_only ))

  current_action_is_positional=$2
}

# Notes:
# `COMPREPLY`: what will be rendered after completion is triggered
# `completing_word`: currently typed word to generate completions for
# `${!var}`: evaluates the content of `var` and expand its content as a variable
#     hello="world"
#     x="hello"
#     ${!x} -> ${hello} -> "world"
_shtab_wbond() {
  local completing_word="${COMP_WORDS[COMP_CWORD]}"
  local previous_word="${COMP_WORDS[COMP_CWORD-1]}"
  local completed_positional_actions
  local current_action
  local current_action_args_start_index
  local current_action_choices
  local current_action_compgen
  local current_action_is_positional
  local current_action_nargs
  local current_option_strings
  local sub_parsers
  COMPREPLY=()

  local prefix=_shtab_wbond
  local word_index=0
  local pos_only=0 # "--" delimiter not encountered yet
  _set_parser_defaults
  word_index=1

  # determine what arguments are appropriate for the current state
  # of the arg parser
  while [ $word_index -ne $COMP_CWORD ]; do
    local this_word="${COMP_WORDS[$word_index]}"

    if [[ $pos_only = 1 || " $this_word " != " -- " ]]; then
      if [[ -n $sub_parsers && " ${sub_parsers[@]} " == *" $this_word "* ]]; then
        # valid subcommand: add it to the prefix & reset the current action
        prefix="${prefix}_$(_shtab_replace_nonword $this_word)"
        _set_parser_defaults
      fi

      if [[ " ${current_option_strings[@]} " == *" $this_word "* ]]; then
        # a new action should be acquired (due to recognised option string or
        # no more input expected from current action);
        # the next positional action can fill in here
        _set_new_action $this_word false
      fi

      if [[ "$current_action_nargs" != "*" ]] && \
         [[ "$current_action_nargs" != "+" ]] && \
         [[ "$current_action_nargs" != "?" ]] && \
         [[ "$current_action_nargs" != *"..." ]] && \
         (( $word_index + 1 - $current_action_args_start_index - $pos_only >= \
            $current_action_nargs )); then
        $current_action_is_positional && let "completed_positional_actions += 1"
        _set_new_action "pos_$completed_positional_actions" true
      fi
    else
      pos_only=1 # "--" delimiter encountered
    fi

    let "word_index+=1"
  done

  # Generate the completions

  COMPREPLY=()
  if [[ $pos_only = 0 && "$completing_word" == -* &&
        ( -z "$current_action_compgen" || "$current_action_is_positional" = true ) ]]; then
    # optional argument started: use option strings
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(
      compgen -W "${current_option_strings[*]}" -- "$completing_word")
  elif [[ "$previous_word" =~ ^[0-9\&]*[\<\>]\>?$ ]]; then
    # handle redirection operators
    compopt -o filenames 2>/dev/null || : # bash>=4
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$completing_word")
  else
    # use choices & compgen
    local action_compgen_word="$completing_word"
    # handle tab-completing in the middle of a line (#248 <- #116)
    [[ -n "$current_action_compgen" && "$completing_word" == -* ]] && action_compgen_word=""
    [ -n "$current_action_compgen" ] && {
      [[ "$current_action_compgen" =~ _(file|dir|glob|FILE|DIR|GLOB)|File|Dir|Glob ]] &&
        compopt -o filenames 2>/dev/null || : # bash>=4
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(
        "$current_action_compgen" "$action_compgen_word")
    }
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(
      compgen -W "${current_action_choices[*]}" -- "$completing_word")
  fi

  if [[ ${#COMPREPLY[@]} = 0 ]]; then
    # native fallback matches are not necessarily filenames (e.g. variables)
    compopt +o filenames 2>/dev/null || : # bash>=4
  fi

  return 0
}

complete -o bashdefault -F _shtab_wbond wbond
