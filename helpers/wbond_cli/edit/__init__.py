# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond edit` needs: the file, the private copy, the editor, the question."""
