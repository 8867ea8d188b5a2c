# SPDX-License-Identifier: LGPL-2.1-or-later
# make demo | test | test-all | check | soak | lossy | fuzz | bench | lab | install | uninstall | deb | rpm | completions | picture;
# see CONTRIBUTING.md.

PREFIX ?= /usr/local
DESTDIR ?=
PYTHON ?= /usr/bin/python3
PKG_CONFIG ?= pkg-config

BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
DOCDIR = $(PREFIX)/share/doc/wbond
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d
UNITDIR = $(shell $(PKG_CONFIG) --variable=systemdsystemunitdir systemd)
GENERATORDIR = $(shell $(PKG_CONFIG) --variable=systemdsystemgeneratordir systemd)
UDEVDIR = $(shell $(PKG_CONFIG) --variable=udevdir udev)
# Beside systemd, not below PREFIX: generators and udev's programs run before /usr/local is mounted,
# where that is a file system of its own. /lib is a link since /usr is merged.
LIBDIR = $(patsubst /lib/%,/usr/lib/%,$(patsubst %/systemd,%/wbond,$(shell \
    $(PKG_CONFIG) --variable=systemdutildir systemd)))

UNITS = $(notdir $(wildcard units/*.service units/*.slice))
PAGES5 = $(patsubst man/%.scd,%,$(wildcard man/*.5.scd))
PAGES8 = $(patsubst man/%.scd,%,$(wildcard man/*.8.scd))
PACKAGES = $(patsubst %/__init__.py,%,$(wildcard generator/*/__init__.py helpers/*/__init__.py \
    helpers/*/*/__init__.py helpers/*/*/*/__init__.py))
SCHEMAS = $(wildcard helpers/wbond_cli/*/*.schema.json)
HELPERS = $(wildcard helpers/wbond-*)
SCRIPTS = dhclient-script dhcp6c-script dhcpcd-script
# Where Debian's dhclient-script looks for hooks; empty for none, where it looks elsewhere.
DHCLIENT_HOOKS = /etc/dhcp/dhclient-enter-hooks.d
# Units of the same name from another package, such as Arch's dhclient@ and dhcp6c@, are left alone;
# wbond-generator then makes each bond's units from those in LIBDIR.
FOREIGN_UNITS ?= $(shell cd "$(DESTDIR)$(UNITDIR)" 2>/dev/null && \
    grep -L 'man:wbond.conf(5)' $(UNITS) 2>/dev/null)
OWN_UNITS = $(filter-out $(FOREIGN_UNITS),$(UNITS))
RULES = $(notdir $(wildcard udev/*.rules))

# Units may write there, if it is there.
STATEDIR = /var/lib/wbond

VENV = .venv
WORKERS ?= 2

.PHONY: help test test-all check soak lossy fuzz demo bench lab picture install install-documents uninstall deb rpm completions directories tools

help:
	@sed -n '2,3s/^# //p' $(firstword $(MAKEFILE_LIST))

# --- for developers ---------------------------------------------------------

tools:
	@tests/tools

test: tools
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadgroup tests

# Every scenario of the lab on every release, not only on those that tests/vm/releases.txt names.
test-all: tools
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadgroup --all-releases tests

check: tools
	$(VENV)/bin/python -m pytest -n $(WORKERS) --ignore tests/vm tests

# Random faults in the lab: MINUTES, SEED (the same seed repeats them), RELEASE; LOSSY=1 adds slow and
# lossy ways to the router, on which nothing may move between rounds.
soak: tools
	$(VENV)/bin/python tests/vm/soak.py $(if $(MINUTES),--minutes $(MINUTES)) \
	    $(if $(SEED),--seed $(SEED)) $(if $(RELEASE),--release $(RELEASE)) \
	    $(if $(LOSSY),--lossy)

# Slow and lossy ways to the router, the same behind each port: MINUTES, RELEASE.
lossy: tools
	$(VENV)/bin/python tests/vm/lossy.py $(if $(MINUTES),--minutes $(MINUTES)) \
	    $(if $(RELEASE),--release $(RELEASE))

# Mutants of what wbond reads go through its readers: MINUTES, SEED.
fuzz: tools
	$(VENV)/bin/python tests/fuzz.py $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

# RELEASE: forky is Debian testing.
demo: tools
	$(VENV)/bin/python tests/vm/demo.py $(if $(RELEASE),--release $(RELEASE))

bench: tools
	$(VENV)/bin/python tests/bench.py
	$(VENV)/bin/python tests/vm/bench.py
	$(VENV)/bin/python tests/vm/bench_boot.py
	$(VENV)/bin/python tests/vm/bench_sandbox.py
	$(VENV)/bin/python tests/vm/bench_path.py

# The pictures in README and ARCHITECTURE are checked in.
picture: tools
	$(VENV)/bin/python tests/picture.py
	$(VENV)/bin/python tests/rooms.py

lab: tools
	$(VENV)/bin/python tests/vm/lab.py

# The completions are checked in, so that an installation needs no shtab.
completions: tools
	$(VENV)/bin/python tests/completions.py completions

# --- for users and packagers ------------------------------------------------

SOURCES = generator helpers units udev man completions docs packaging Makefile setup.cfg \
    pyproject.toml wbond.conf.example LICENSE $(wildcard *.md)
BUILD = build

# This needs debhelper, dh-python and the build dependencies in packaging/debian/control.
deb:
	rm -rf "$(BUILD)/deb"
	install -d "$(BUILD)/deb/wbond"
	cp -r $(SOURCES) "$(BUILD)/deb/wbond"
	cp -r packaging/debian "$(BUILD)/deb/wbond/debian"
	cd "$(BUILD)/deb/wbond" && dpkg-buildpackage -us -uc -b
	mv "$(BUILD)"/deb/wbond_*_all.deb "$(BUILD)"
	rm -rf "$(BUILD)/deb"

# This needs rpmbuild and the build dependencies in packaging/fedora/wbond.spec. There is no source
# package: it would name the folder that it was built in, and this one its checksum.
RPMBUILD = rpmbuild
VERSION = $(shell sed -n 's/^VERSION = "\(.*\)"/\1/p' generator/wbond/version.py)

rpm:
	rm -rf "$(BUILD)/rpm"
	install -d "$(BUILD)/rpm/SOURCES/wbond-$(VERSION)"
	cp -r $(SOURCES) "$(BUILD)/rpm/SOURCES/wbond-$(VERSION)"
	tar -C "$(BUILD)/rpm/SOURCES" -czf "$(BUILD)/rpm/SOURCES/wbond-$(VERSION).tar.gz" \
	    "wbond-$(VERSION)"
	$(RPMBUILD) -bb --define "_topdir $(abspath $(BUILD))/rpm" packaging/fedora/wbond.spec
	mv "$(BUILD)"/rpm/RPMS/noarch/*.rpm "$(BUILD)"
	rm -rf "$(BUILD)/rpm"

directories:
	@test -n "$(UNITDIR)" -a -n "$(GENERATORDIR)" -a -n "$(UDEVDIR)" -a -n "$(LIBDIR)" || { \
	    echo "pkg-config knows no systemd directories: install systemd.pc and udev.pc" \
	        "(Debian 13: systemd-dev; else: systemd, udev) and pkg-config" >&2; exit 1; }
	@for place in "PREFIX=$(PREFIX)" "LIBDIR=$(LIBDIR)"; do case "$${place#*=}" in \
	    *[!A-Za-z0-9/._+-]*|[!/]*|"") echo "$${place%%=*} must be an absolute path of letters," \
	        "digits, and / . _ + -" >&2; exit 1;; esac; done

# Byte code is valid as long as its source has the date that it names. Packages give every file the
# date SOURCE_DATE_EPOCH, so their sources get that date before they are compiled; without it Python
# would have byte code compared with a hash of the source, at each start of every program.
# This runs neither systemctl nor udevadm: a reboot, or the package's scripts, make it take effect.
install: directories
	install -d "$(DESTDIR)$(LIBDIR)/generator" "$(DESTDIR)$(LIBDIR)/helpers" "$(DESTDIR)$(BINDIR)" \
	    "$(DESTDIR)$(BASHDIR)" "$(DESTDIR)$(ZSHDIR)" "$(DESTDIR)$(FISHDIR)"
	install -m 0755 generator/wbond-generator "$(DESTDIR)$(LIBDIR)/generator"
	install -m 0755 helpers/wbond $(HELPERS) "$(DESTDIR)$(LIBDIR)/helpers"
	install -m 0644 helpers/wpa_supplicant-port.conf helpers/dhcpcd-passwd \
	    "$(DESTDIR)$(LIBDIR)/helpers"
	install -d "$(DESTDIR)$(LIBDIR)/helpers/hooks" $(if $(DHCLIENT_HOOKS),"$(DESTDIR)$(DHCLIENT_HOOKS)")
	for script in $(SCRIPTS); do \
	    sed 's|/usr/lib/wbond/|$(LIBDIR)/|' "helpers/hooks/$$script" \
	        > "$(DESTDIR)$(LIBDIR)/helpers/hooks/$$script" && \
	    chmod 0755 "$(DESTDIR)$(LIBDIR)/helpers/hooks/$$script" || exit 1; \
	done
	$(if $(DHCLIENT_HOOKS),sed 's|/usr/lib/wbond/|$(LIBDIR)/|' helpers/hooks/dhclient-enter-hook \
	    > "$(DESTDIR)$(DHCLIENT_HOOKS)/wbond" && chmod 0644 "$(DESTDIR)$(DHCLIENT_HOOKS)/wbond")
	for package in $(PACKAGES); do \
	    install -d "$(DESTDIR)$(LIBDIR)/$$package" && \
	    install -m 0644 "$$package"/*.py "$(DESTDIR)$(LIBDIR)/$$package" || exit 1; \
	done
	$(if $(SOURCE_DATE_EPOCH),find "$(DESTDIR)$(LIBDIR)" -name '*.py' \
	    -exec touch -d '@$(SOURCE_DATE_EPOCH)' {} +)
	for schema in $(SCHEMAS); do \
	    install -m 0644 "$$schema" "$(DESTDIR)$(LIBDIR)/$$schema" || exit 1; \
	done
	ln -sf "$(LIBDIR)/helpers/wbond" "$(DESTDIR)$(BINDIR)/wbond"
	install -m 0644 completions/wbond.bash "$(DESTDIR)$(BASHDIR)/wbond"
	install -m 0644 completions/_wbond "$(DESTDIR)$(ZSHDIR)/_wbond"
	install -m 0644 completions/wbond.fish "$(DESTDIR)$(FISHDIR)/wbond.fish"
	umask 022 && $(PYTHON) -m compileall -q -f --invalidation-mode timestamp $(if $(DESTDIR),-s "$(DESTDIR)" -p /) \
	    $(foreach package,$(PACKAGES),"$(DESTDIR)$(LIBDIR)/$(package)")
	install -d "$(DESTDIR)$(UNITDIR)" "$(DESTDIR)$(GENERATORDIR)" "$(DESTDIR)$(UDEVDIR)/rules.d"
	for rules in $(RULES); do \
	    sed 's|/usr/lib/wbond/|$(LIBDIR)/|' "udev/$$rules" > "$(DESTDIR)$(UDEVDIR)/rules.d/$$rules" && \
	    chmod 0644 "$(DESTDIR)$(UDEVDIR)/rules.d/$$rules" || exit 1; \
	done
	install -d "$(DESTDIR)$(LIBDIR)/units" "$(DESTDIR)$(STATEDIR)"
	for unit in $(UNITS); do \
	    sed 's|/usr/lib/wbond/|$(LIBDIR)/|' "units/$$unit" > "$(DESTDIR)$(LIBDIR)/units/$$unit" && \
	    chmod 0644 "$(DESTDIR)$(LIBDIR)/units/$$unit" || exit 1; \
	done
	install -m 0644 $(foreach unit,$(OWN_UNITS),"$(DESTDIR)$(LIBDIR)/units/$(unit)") \
	    "$(DESTDIR)$(UNITDIR)"
	ln -sf "$(LIBDIR)/generator/wbond-generator" "$(DESTDIR)$(GENERATORDIR)/wbond-generator"
	install -d "$(DESTDIR)$(DOCDIR)" "$(DESTDIR)$(MANDIR)/man5" "$(DESTDIR)$(MANDIR)/man8"
	install -m 0644 wbond.conf.example "$(DESTDIR)$(DOCDIR)"
	@command -v scdoc >/dev/null || echo "scdoc is not installed: no man pages"
	umask 022; for page in $(PAGES5); do ! command -v scdoc >/dev/null || \
	    sed 's|/usr/lib/wbond/|$(LIBDIR)/|' "man/$$page.scd" | scdoc > "$(DESTDIR)$(MANDIR)/man5/$$page" || exit 1; done
	umask 022; for page in $(PAGES8); do ! command -v scdoc >/dev/null || \
	    sed 's|/usr/lib/wbond/|$(LIBDIR)/|' "man/$$page.scd" | scdoc > "$(DESTDIR)$(MANDIR)/man8/$$page" || exit 1; done

# For packages: README and the documents that it links to.
install-documents:
	$(PYTHON) packaging/documents.py "$(DESTDIR)$(DOCDIR)" "$(LIBDIR)"

# The configuration stays.
uninstall: directories
	rm -rf "$(DESTDIR)$(LIBDIR)"
	$(if $(DHCLIENT_HOOKS),rm -f "$(DESTDIR)$(DHCLIENT_HOOKS)/wbond")
	rm -f "$(DESTDIR)$(BINDIR)/wbond" "$(DESTDIR)$(BASHDIR)/wbond" "$(DESTDIR)$(ZSHDIR)/_wbond" \
	    "$(DESTDIR)$(FISHDIR)/wbond.fish"
	rm -f "$(DESTDIR)$(DOCDIR)/wbond.conf.example"
	rmdir "$(DESTDIR)$(DOCDIR)" 2>/dev/null || true
	rm -f "$(DESTDIR)$(GENERATORDIR)/wbond-generator"
	rm -f $(foreach unit,$(OWN_UNITS),"$(DESTDIR)$(UNITDIR)/$(unit)")
	rm -f $(foreach rules,$(RULES),"$(DESTDIR)$(UDEVDIR)/rules.d/$(rules)")
	rm -f $(foreach page,$(PAGES5),"$(DESTDIR)$(MANDIR)/man5/$(page)")
	rm -f $(foreach page,$(PAGES8),"$(DESTDIR)$(MANDIR)/man8/$(page)")
