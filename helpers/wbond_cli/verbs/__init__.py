# SPDX-License-Identifier: LGPL-2.1-or-later
"""One module for each verb of the command; each is imported when its verb is called."""
