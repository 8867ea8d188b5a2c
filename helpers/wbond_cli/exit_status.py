# SPDX-License-Identifier: LGPL-2.1-or-later
"""The exit statuses of the command, all of them; wbond(8), EXIT STATUS, tells what they mean.

Up to 2 they are a verb's answer, graver with the number. What is no answer has a number of
sysexits(3head), which systemd.exec(5) lists too, or of the shell: 128 and the signal's number.
"""

SUCCESS = 0

FAILURE = 1
WARNINGS = 1  # of check
NOT_ONLINE = 1  # of status
RESTORED = 1  # of apply

REFUSED = 2  # nothing was changed
ERRORS = 2  # of check
NOT_CONFIGURED = 2  # of status

USAGE = 64  # EX_USAGE
UNAVAILABLE = 69  # EX_UNAVAILABLE
INTERRUPTED = 130  # SIGINT
NOBODY_READS = 141  # SIGPIPE
TERMINATED = 143  # SIGTERM
