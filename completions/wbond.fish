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

set -g _shtab_wbond_commands init import check plan apply edit status log up wait down wifi 'wifi scan' 'wifi list' 'wifi add' 'wifi forget' 'wifi select' report help
set -g _shtab_wbond_opts_with_value --anonymous-identity --bond --boot --ca-cert --client-cert --country --domain --file --from --identity --lines --output --priority --private-key --root --security --since --ssid --timeout --until -S -U -b -n -o

complete -c wbond -e
complete -c wbond -f

complete -c wbond -n _shtab_wbond_using -s h -l help -d 'show this help message and exit'
complete -c wbond -n _shtab_wbond_using -l version -d 'print the version'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a init -d 'look at the hardware and write /etc/wbond.conf'
complete -c wbond -n '_shtab_wbond_using init' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using init' -l ssid -x -d 'write wpa_supplicant.conf for the network of this name'
complete -c wbond -n '_shtab_wbond_using init' -l hidden -d 'with --ssid: the network hides its name'
complete -c wbond -n '_shtab_wbond_using init' -l root -xka "(__fish_complete_directories)" -d 'write and look below DIR'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a import -d 'take over cables, radios and networks from other programs'
complete -c wbond -n '_shtab_wbond_using import' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using import' -l from -xka "networkmanager netplan ifupdown netctl networkd by-hand" -d 'of this one alone, may be given again: networkmanager, netplan, ifupdown, netctl, networkd, by-hand'
complete -c wbond -n '_shtab_wbond_using import' -l dry-run -d 'show what would be written, without passwords'
complete -c wbond -n '_shtab_wbond_using import' -l root -xka "(__fish_complete_directories)" -d 'write and look below DIR'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a check -d 'find what is wrong with the configuration and the machine'
complete -c wbond -n '_shtab_wbond_using check' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using check' -l json -d 'print {findings: [{severity, file, line, column, section, option, text, remedy}], exit}; without a place, texts are empty and numbers 0'
complete -c wbond -n '_shtab_wbond_using check' -l root -xka "(__fish_complete_directories)" -d 'look at the system below DIR; its units are not verified'
complete -c wbond -n '_shtab_wbond_using check; and test $_shtab_wbond_npos -eq 0' -ka "(__fish_complete_path (commandline -ct))" -d 'check this file instead'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a plan -d 'show what the configuration would come to, and what would change'
complete -c wbond -n '_shtab_wbond_using plan' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using plan' -l tree -d 'show the tree alone'
complete -c wbond -n '_shtab_wbond_using plan' -l diff -d 'show the differences alone'
complete -c wbond -n '_shtab_wbond_using plan' -l json -d 'for programs; see plan.schema.json'
complete -c wbond -n '_shtab_wbond_using plan' -l root -xka "(__fish_complete_directories)" -d 'look at the configuration below DIR'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a apply -d 'make a changed file real, and go back unless it is confirmed'
complete -c wbond -n '_shtab_wbond_using apply' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using apply' -l timeout -x -d 'the time in which a yes is expected, 120 if not given'
complete -c wbond -n '_shtab_wbond_using apply' -l yes -d 'confirm at once, for scripts'
complete -c wbond -n '_shtab_wbond_using apply' -l force -d 'go on in spite of faults in the file, or without a way back'
complete -c wbond -n '_shtab_wbond_using apply' -l json -d 'for programs; see apply.schema.json'
complete -c wbond -n '_shtab_wbond_using apply' -l quiet -d 'do not show the commands'
complete -c wbond -n '_shtab_wbond_using apply' -l dry-run -d 'say what would be done, and do nothing'
complete -c wbond -n '_shtab_wbond_using apply' -l confirm -d 'keep what another session waits to have confirmed'
complete -c wbond -n '_shtab_wbond_using apply' -l restore -d 'restore at once what was before that'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a edit -d 'edit the configuration, check it, and make it real'
complete -c wbond -n '_shtab_wbond_using edit' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using edit' -l file -xka "(__fish_complete_path (commandline -ct))" -d 'edit this file of /etc/wbond.conf.d, which may be new'
complete -c wbond -n '_shtab_wbond_using edit' -l timeout -x -d 'the time in which a yes is expected, 120 if not given'
complete -c wbond -n '_shtab_wbond_using edit' -l quiet -d 'do not show the commands'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a status -d 'show the bonds, their ports and addresses, and what is wrong with them'
complete -c wbond -n '_shtab_wbond_using status' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using status' -s w -l watch -d 'show each change, until Ctrl-C'
complete -c wbond -n '_shtab_wbond_using status' -l json -d 'for programs; see status.schema.json'
complete -c wbond -n '_shtab_wbond_using status' -l prometheus -d 'metrics, in Prometheus'"'"'s format'
complete -c wbond -n '_shtab_wbond_using status' -l root -xka "(__fish_complete_directories)" -d 'the folder that holds etc, run and var'
complete -c wbond -n '_shtab_wbond_using status; and test $_shtab_wbond_npos -ge 0' -ka "(__wbond_bonds)" -d 'all, if none is named'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a log -d 'show failovers and plugs as a timeline, with durations'
complete -c wbond -n '_shtab_wbond_using log' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using log' -s f -l follow -d 'what comes, until Ctrl-C'
complete -c wbond -n '_shtab_wbond_using log' -l chart -d 'a line a port, with the times at which it was active'
complete -c wbond -n '_shtab_wbond_using log' -s n -l lines -x -d 'the last N entries alone; with --follow 10, if not given'
complete -c wbond -n '_shtab_wbond_using log' -s S -l since -x -d 'from then on, over all boots'
complete -c wbond -n '_shtab_wbond_using log' -s U -l until -x -d 'up to then'
complete -c wbond -n '_shtab_wbond_using log' -s b -l boot -x -d 'of one boot: 0 or none is this one, -1 the one before, all is all'
complete -c wbond -n '_shtab_wbond_using log' -l bond -xka "(__wbond_bonds)" -d 'of this bond alone'
complete -c wbond -n '_shtab_wbond_using log' -l json -d 'for programs, an object a line'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a up -d 'start bonds, and wait until they are online'
complete -c wbond -n '_shtab_wbond_using up' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using up' -l timeout -x -d 'how long to wait, 30 if not given'
complete -c wbond -n '_shtab_wbond_using up' -l quiet -d 'do not show the commands'
complete -c wbond -n '_shtab_wbond_using up; and test $_shtab_wbond_npos -ge 0' -ka "(__wbond_bonds)" -d 'all configured, if none is named'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a wait -d 'wait until bonds are online, for scripts'
complete -c wbond -n '_shtab_wbond_using wait' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using wait' -l timeout -x -d 'how long to wait, 30 if not given'
complete -c wbond -n '_shtab_wbond_using wait' -l quiet -d 'answer by the exit status alone'
complete -c wbond -n '_shtab_wbond_using wait; and test $_shtab_wbond_npos -ge 0' -ka "(__wbond_bonds)" -d 'all that run, if none is named'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a down -d 'stop bonds, with their ports and clients'
complete -c wbond -n '_shtab_wbond_using down' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using down' -l yes -d 'also when that cuts this session'
complete -c wbond -n '_shtab_wbond_using down' -l quiet -d 'do not show the commands'
complete -c wbond -n '_shtab_wbond_using down; and test $_shtab_wbond_npos -ge 0' -ka "(__wbond_bonds)" -d 'all that run, if none is named'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a wifi -d 'show the Wi-Fi networks in reach; add and forget networks, select one'
complete -c wbond -n '_shtab_wbond_using wifi' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using wifi; and test $_shtab_wbond_npos -eq 0' -a scan -d 'Show the networks in reach.'
complete -c wbond -n '_shtab_wbond_using wifi scan' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using wifi scan' -l json -d 'for programs; see wifi.schema.json'
complete -c wbond -n '_shtab_wbond_using wifi scan' -l bond -xka "(__wbond_bonds)" -d 'of this bond alone'
complete -c wbond -n '_shtab_wbond_using wifi scan' -l root -xka "(__fish_complete_directories)" -d 'the system below DIR'
complete -c wbond -n '_shtab_wbond_using wifi; and test $_shtab_wbond_npos -eq 0' -a list -d 'Show the networks that are saved.'
complete -c wbond -n '_shtab_wbond_using wifi list' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using wifi list' -l json -d 'for programs; see wifi.schema.json'
complete -c wbond -n '_shtab_wbond_using wifi list' -l bond -xka "(__wbond_bonds)" -d 'of this bond alone'
complete -c wbond -n '_shtab_wbond_using wifi list' -l root -xka "(__fish_complete_directories)" -d 'the system below DIR'
complete -c wbond -n '_shtab_wbond_using wifi; and test $_shtab_wbond_npos -eq 0' -a add -d 'Save a network, or another password of one, and connect.'
complete -c wbond -n '_shtab_wbond_using wifi add' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using wifi add' -l stdin -d 'read the passphrase as a line of standard input'
complete -c wbond -n '_shtab_wbond_using wifi add' -l security -xka "auto wpa2-wpa3 wpa2 wpa3 open owe peap tls" -d 'one of auto, wpa2-wpa3, wpa2, wpa3, open, owe, peap, tls; auto, if not given, takes what is in reach'
complete -c wbond -n '_shtab_wbond_using wifi add' -l hidden -d 'the network hides its name'
complete -c wbond -n '_shtab_wbond_using wifi add' -l country -x -d 'set the country'"'"'s rules for radio, as DE'
complete -c wbond -n '_shtab_wbond_using wifi add' -l priority -x -d 'a higher number is preferred; 0 by default'
complete -c wbond -n '_shtab_wbond_using wifi add' -l identity -x -d '802.1X: who you are'
complete -c wbond -n '_shtab_wbond_using wifi add' -l anonymous-identity -x -d '802.1X: who you are for all that listen'
complete -c wbond -n '_shtab_wbond_using wifi add' -l ca-cert -x -d '802.1X: the authority that certifies the server'
complete -c wbond -n '_shtab_wbond_using wifi add' -l domain -x -d '802.1X: the server'"'"'s name, or its domain'
complete -c wbond -n '_shtab_wbond_using wifi add' -l client-cert -x -d 'tls: your certificate'
complete -c wbond -n '_shtab_wbond_using wifi add' -l private-key -x -d 'tls: your private key'
complete -c wbond -n '_shtab_wbond_using wifi add' -l bond -xka "(__wbond_bonds)" -d 'of this bond alone'
complete -c wbond -n '_shtab_wbond_using wifi add' -l root -xka "(__fish_complete_directories)" -d 'the system below DIR'
complete -c wbond -n '_shtab_wbond_using wifi; and test $_shtab_wbond_npos -eq 0' -a forget -d 'Remove a network.'
complete -c wbond -n '_shtab_wbond_using wifi forget' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using wifi forget' -l bond -xka "(__wbond_bonds)" -d 'of this bond alone'
complete -c wbond -n '_shtab_wbond_using wifi forget' -l root -xka "(__fish_complete_directories)" -d 'the system below DIR'
complete -c wbond -n '_shtab_wbond_using wifi; and test $_shtab_wbond_npos -eq 0' -a select -d 'Connect to a saved network now, until it is lost.'
complete -c wbond -n '_shtab_wbond_using wifi select' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using wifi select' -l bond -xka "(__wbond_bonds)" -d 'of this bond alone'
complete -c wbond -n '_shtab_wbond_using wifi select' -l root -xka "(__fish_complete_directories)" -d 'the system below DIR'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a report -d 'write all that those who help need to know into one file'
complete -c wbond -n '_shtab_wbond_using report' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using report' -l anonymous -d 'replace addresses too, and the names of networks, hosts and devices'
complete -c wbond -n '_shtab_wbond_using report' -s o -l output -x -d 'write this file, which must be new; - is standard output'
complete -c wbond -n '_shtab_wbond_using; and test $_shtab_wbond_npos -eq 0' -a help -d 'explain a verb and its options'
complete -c wbond -n '_shtab_wbond_using help' -s h -l help -d 'show this help message and exit'
complete -c wbond -n '_shtab_wbond_using help; and test $_shtab_wbond_npos -eq 0' -ka "init import check plan apply edit status log up wait down wifi report help" -d 'all, if none is named'
