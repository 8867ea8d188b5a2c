# SPDX-License-Identifier: LGPL-2.1-or-later
# Made by `make completions`; not to be edited.

# Custom Preamble
function __wbond_bonds
  set -l files /etc/wbond.conf.d/*.conf
  sed -n -e '/^\[DEFAULT[]:]/d' -e 's/^\[\([^]:/]*\)[]:].*/\1/p' /etc/wbond.conf $files 2>/dev/null
end
# End Custom Preamble

# Parse current commandline:
# - _shtab_wbond_cmdpath=(sub)command path seen so far
# - _shtab_wbond_npos=number of positional arguments given after it
# - options are skipped based on _shtab_wbond_opts_with_value & _shtab_wbond_commands lists
function _shtab_wbond_scan
  set -g _shtab_wbond_cmdpath ''
  set -g _shtab_wbond_npos 0
  set -l tokens (commandline -opc)
  set -e tokens[1]
  set -l expect_value 0
  for t in $tokens
    if test $expect_value -eq 1
      set expect_value 0
      continue
    end
    switch "$t"
      case '--*=*'
        continue
      case '-*'
        if contains -- $t $_shtab_wbond_opts_with_value
          set expect_value 1
        end
        continue
      case '*'
        if test $_shtab_wbond_npos -eq 0
          set -l candidate $t
          if test -n "$_shtab_wbond_cmdpath"
            set candidate "$_shtab_wbond_cmdpath $t"
          end
          if contains -- $candidate $_shtab_wbond_commands
            set -g _shtab_wbond_cmdpath $candidate
            continue
          end
        end
        set -g _shtab_wbond_npos (math $_shtab_wbond_npos + 1)
    end
  end
end

# Condition helper: true if the current (sub)command path equals the given one.
function _shtab_wbond_using
  _shtab_wbond_scan
  test "$_shtab_wbond_cmdpath" = "$argv"
end

set -g _shtab_wbond_commands 
set -g _shtab_wbond_opts_with_value 

complete -c wbond -e
complete -c wbond -f

complete -c wbond -n _shtab_wbond_using -s h -l help -d 'show this help message and exit'
