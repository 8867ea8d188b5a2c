# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands behind `wbond wifi`: wpa_supplicant's control socket, and its file of networks."""
