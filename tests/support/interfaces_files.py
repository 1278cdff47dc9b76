"""Interfaces files of many shapes: those that ifupdown takes, those that it does not, and trees."""

from collections.abc import Collection, Iterator

from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.interfaces import ParsedInterfaces

FILE = """\
# first
auto lo eth0 eth1
iface lo inet loopback

allow-hotplug eth0
iface eth0 inet static
    address 192.168.1.4/24
    # a comment of mine
    up echo one; \\
       echo two
    dns-nameservers 192.168.1.1
    up ip route add 10.0.0.0/8 via 192.168.1.1
    up ethtool -K eth0 gro off
iface eth0:1 inet static
    address 192.168.1.5/24
iface eth0.7 inet manual

iface eth1 inet dhcp
"""

ETH0 = "auto eth0\niface eth0 inet static\n  address 192.168.1.4/24\n"

VALID = {
    "empty": "",
    "one newline": "\n",
    "blanks": " \t\n\v\n\f \n",
    "comments": "# one\n   # two\n#\n## \n",
    "debian": "# The loopback network interface\nauto lo\niface lo inet loopback\n\n"
    "allow-hotplug eth0\niface eth0 inet dhcp\n",
    "static": ETH0 + "  gateway 192.168.1.1\n  dns-nameservers 192.168.1.1 9.9.9.9\n",
    "old style": "auto eth0\niface eth0 inet static\n\taddress 192.168.1.4\n"
    "\tnetmask 255.255.255.0\n"
    "\tnetwork 192.168.1.0\n\tbroadcast 192.168.1.255\n\tgateway 192.168.1.1\n",
    "not indented": "auto eth0\niface eth0 inet manual\nmtu 9000\nup echo x\n",
    "blanks between": "auto\teth0  \t lo\niface\teth0 \tinet   manual  \n  up   echo  a   b  \n",
    "vertical tab": "auto\veth0\niface\feth0 inet\rmanual\n",
    "hard space": "iface eth0 inet manual\n note a\u00a0b\u2028c\u0085d\n n\u00e9 \x1c1\n",
    "hard space around": "iface eth0 inet manual\n\u00a0mtu\u00a0 9\u00a0\n \u0085x\u2003y z\n",
    "NUL": "auto eth0\0 eth1\niface eth0 inet manual\n mtu 9\0 0\n up a\\\0\nb\n",
    "latin 1": "# caf\udce9\niface eth0 inet manual\n  description caf\udce9 \udcff\udcfe\n",
    "no last newline": "auto eth0\niface eth0 inet manual\n  mtu 9000",
    "last is a backslash": "auto eth0\niface eth0 inet manual\n  mtu 9000\\",
    "last are backslashes": "iface eth0 inet manual\n  mtu 9000\\\\\\",
    "last is continued": "auto eth0\niface eth0 inet manual\n  mtu 9000\\\n",
    "other's last is continued": ETH0 + "auto eth1\niface eth1 inet manual\n  mtu 9000\\\n",
    "other's last is open": ETH0 + "auto eth1\niface eth1 inet manual\n  mtu 9000 \\",
    "two families": ETH0 + "iface eth0 inet6 auto\n  privext 2\n",
    "two of a family": ETH0 + "iface eth0 inet static\n  address 10.0.0.4/8\n",
    "three stanzas apart": ETH0 + "auto eth1\niface eth1 inet manual\niface eth0 inet6 manual\n"
    "  up echo six\niface eth1 inet6 manual\niface eth0 inet manual\n  up echo four\n",
    "hooks": "iface eth0 inet manual\n pre-up a\n up b\n post-up c\n pre-down d\n down e\n"
    " post-down f\n up b\n",
    "names again": "iface eth0 inet manual\n foo 1\n bar x\n foo  2\n bar y z\n foo 3\n",
    "question marks": "iface eth0 inet manual\n foo 1\n foo? 2\n bar? 3\n bar? 4\n up x\n up? y\n",
    "question mark first": "iface eth0 inet manual\n up? y\n up x\n foo? 1\n foo 2\n",
    "hash in a value": "iface eth0 inet manual\n up echo # no comment\n mtu 9000 # nor here\n",
    "comment inside": ETH0 + "  # mine\n  mtu 1400\n# at the margin\n  up echo x\n",
    "comment with a backslash": "iface eth0 inet manual\n # so \\\n mtu 9000\n #\\\n",
    "continued": "iface eth0 inet manual\n up echo one; \\\n    echo two\n mtu\\\n 9000\n",
    "continued inside a word": "auto et\\\nh0 l\\\no\niface eth0 in\\\net manual\n m\\\ntu 9000\n",
    "continued by a comment": "iface eth0 inet manual\n up echo \\\n # swallowed\n mtu 9000\n",
    "continued by nothing": "iface eth0 inet manual\n up echo \\\n\n mtu 9000\\\n\\\n\\\n\n up b\n",
    "continued at once": "\\\nauto eth0\n  \\\niface eth0 inet manual\n\\\n\n",
    "continued, then blanks": "iface eth0 inet manual\n\\\n  foo bar\n mtu 9000\n",
    "two backslashes": "iface eth0 inet manual\n up a\\\\\nb\n up c \\ \n up d\n",
    "backslash and return": "iface eth0 inet manual\r\n up echo \\\r\n mtu 9000\r\n",
    "auto twice": "auto eth0 eth1 eth0\nauto eth1\nallow-auto eth2 eth0\n"
    "iface eth0 inet manual\niface eth1 inet manual\niface eth2 inet manual\n",
    "groups": "allow-hotplug eth0 eth1\nallow-x eth1\nallow-hotplug eth2\nauto eth2\n"
    "iface eth0 inet manual\niface eth1 inet manual\niface eth2 inet manual\n",
    "auto inside": "iface eth0 inet manual\n  auto\n  mtu 9\niface eth1 inet manual\n  up x\n"
    "\tauto \n  allow-x\n # so\n  no-auto-down\n  no-scripts\n  mtu 9\nauto e\n",
    "auto inside, with heirs": "iface eth0 inet manual\n  auto\n  mtu 9\n  allow-hotplug\n"
    "iface eth1 inet manual inherits eth0\n  auto\niface eth0.5 inet manual\n  allow-hotplug\n",
    "groups without words": "auto\nallow-hotplug\nno-auto-down\nno-scripts\nrename\nsource-dir x\n",
    "allow without a group": "iface eth0 inet manual\n allow- x\n",
    "no-auto-down": ETH0 + "no-auto-down eth0 et*\nno-scripts eth1\nauto eth1\n"
    "iface eth1 inet manual\n",
    "auto before and after": "auto eth0\n" + ETH0 + "allow-hotplug eth0\n",
    "auto ends a stanza": "iface eth0 inet manual\n mtu 9\nauto eth0\nallow-x eth0\n\n# end\n",
    "loopback later": "auto eth0\niface eth0 inet manual\nauto lo\niface lo inet loopback\n"
    "  up echo lo\n",
    "loopback by another name": "auto lo eth0\niface eth0 inet loopback\n",
    "loopback without a stanza": "auto lo\n" + ETH0,
    "inherits": "iface base inet manual\n mtu 9000\n up echo base\n foo 1\n"
    "iface eth0 inet manual inherits base\n foo 2\n up echo own\nauto eth0\n",
    "inherits the method": "iface base inet manual\n mtu 9000\niface eth0 inet inherits base\n"
    "iface eth1 inherits base\n foo 1\niface eth2 inherits eth1\nauto eth0 eth1 eth2\n",
    "inherits another family": "iface base inet6 manual\n six 6\niface base inet manual\n four 4\n"
    "iface eth0 inet manual inherits base\niface eth1 inherits base\n"
    "iface eth2 inet6 inherits base\n",
    "inherits from eth0": ETH0 + "  mtu 1400\n  up echo x\nauto eth1\n"
    "iface eth1 inet manual inherits eth0\n  mtu 9000\n",
    "inherits all from eth0": ETH0 + "  up echo x\nauto eth1\niface eth1 inherits eth0\n"
    "iface eth2 inet inherits eth0\n up echo y\n",
    "inherits from eth0's second": ETH0 + "iface eth0 inet6 manual\n up echo six\n"
    "auto eth1\niface eth1 inet6 manual inherits eth0\n",
    "inherits by itself": "iface eth0 inet manual\n up echo x\niface eth0 inherits eth0\n up y\n",
    "inherits in a chain": ETH0 + "iface eth0 inet manual inherits eth0\n mtu 9000\n"
    "iface eth1 inet manual inherits eth0\niface eth2 inherits eth1\nauto eth1 eth2\n",
    "another word in a head": "iface eth0 inet manual foo inherits bar\n mtu 9000\nauto eth0\n",
    "methods": "iface a inet dhcp\niface b inet bootp\niface c inet ppp\n provider x\n"
    "iface d inet wvdial\niface e inet ipv4ll\niface f inet tunnel\n mode gre\n"
    "iface g inet6 dhcp\niface h inet6 v4tunnel\niface i inet6 6to4\niface j ipx static\n"
    "iface k ipx dynamic\niface l can static\n bitrate 5\niface m inet6 auto\n",
    "alias": ETH0 + "auto eth0:1\niface eth0:1 inet static\n  address 192.168.1.5/24\n"
    "auto eth0:mail\niface eth0:mail inet manual\n",
    "vlan": ETH0 + "auto eth0.5\niface eth0.5 inet manual\n  up echo v\n",
    "vlan before": "auto eth0.5 eth0\niface eth0.5 inet manual\n" + ETH0,
    "vlan with hotplug": "allow-hotplug eth0 eth0.5\n" + ETH0 + "iface eth0.5 inet manual\n",
    "vlan by option": ETH0 + "auto vlan5\niface vlan5 inet manual\n  vlan-raw-device eth0\n",
    "vlan of an alias": ETH0 + "iface eth0.5 inet manual\niface eth0.5:1 inet manual\n",
    "bond": ETH0 + "auto bond0\niface bond0 inet manual\n  bond-slaves eth0 eth1\n  bond-mode 1\n",
    "bridge of another": ETH0 + "auto br7\niface br7 inet manual\n  bridge_ports eth0 eth1\n",
    "ifup in a hook": "auto eth1\niface eth1 inet manual\n  up ifup eth0; true\n"
    "iface eth0 inet manual\n  up echo x\n",
    "names like eth0": "auto eth00 xeth0 eth0x eth0-1\niface eth00 inet manual\n"
    "iface xeth0 inet manual\n up echo eth00 eth0.7 xeth0 eth0-1\niface eth0x inet manual\n"
    "iface eth0-1 inet manual\n",
    "logical": "auto eth0=home\niface home inet manual\n  up echo home\niface work inet manual\n",
    "logical among others": "auto lo eth0=home eth1=home\nallow-hotplug eth0=work\n"
    "iface home inet manual\n  up echo home\niface work inet manual\n",
    "logical of another": ETH0 + "  up echo x\nauto eth1=eth0 eth2=eth0\n",
    "logical twice": "auto eth1=a=b eth2=\niface a=b inet manual\niface eth2 inet manual\n",
    "pattern": "auto /lo*\n" + ETH0,
    "pattern of eth0": "auto /eth*\niface eth0 inet manual\n  up echo x\niface eth1 inet manual\n",
    "pattern with a stanza": "auto /eth*=eth\nallow-hotplug /et?0=eth\niface eth inet manual\n",
    "pattern with eth0's": ETH0 + "  up echo x\nauto /eth*=eth0 /wl*\n",
    "pattern of the loopback": "auto /l?=x /lo/1 /l[a-o]/2 /[^a]o/ /[!l]o\niface x inet manual\n",
    "pattern of a MAC": "auto mac/02:00:00:00:00=x mac/?/\niface x inet manual\n",
    "pattern of a file": "auto nothing/1/1=x nothing/x/2=x\niface x inet manual\n",
    "pattern as a name": "auto eth*\niface eth* inet manual\niface /eth* inet manual\n mtu 9\n",
    "rename": "rename eth7=eth0 /lan*=wan mac/?=dmz\n" + ETH0,
    "mapping": "mapping eth1 wlan*\n  script /bin/echo\n  map a b\n  map c\nauto eth1\n"
    "iface home inet manual\n" + ETH0,
    "mapping ends": "mapping eth1\n  script x\nauto\n" + ETH0,
    "mapping of all": "mapping *\n  map x\nauto eth5\n" + ETH0,
    "mapping without a script": "mapping eth1\nmapping\n map\n",
    "template as an option": "iface eth1 inet manual\n  template x\n  mtu 9\n" + ETH0,
    "words that look alike": "iface eth1 inet manual\n autos x\n auto-x y\n ifaces z\n mappings z\n"
    " sources z\n renames q\n no-auto-downs x\n Auto x\n IFACE eth0\n" + ETH0,
    "source of nothing": "source nowhere\nsource-directory nowhere\nsource nowhere/*\n" + ETH0,
    "source of what cannot be": "source a;b\nsource a|b c\nsource {a,b}\nsource 'a\n" + ETH0,
    "options of others": ETH0 + "  wpa-ssid a b\n  bridge_ports none\n  foo_bar-baz! x\n",
    "long lines": ETH0 + "  up echo " + "x" * 500 + "\n  note " + "y z " * 300 + "\n",
    "many": "".join(f"auto e{n}\niface e{n} inet manual\n  mtu {n}\n" for n in range(40)) + ETH0,
}

INVALID = {
    "an option first": "mtu 9000\n" + ETH0,
    "an option after auto": "iface eth0 inet manual\nauto eth0\n mtu 9000\n",
    "an option after auto alone": "iface eth0 inet manual\nsource nowhere\nauto\n mtu 9000\n",
    "auto alone in a mapping": "mapping eth1\n  auto\n  script x\n" + ETH0,
    "an option after source": "iface eth0 inet manual\nsource nowhere\n mtu 9000\n",
    "an option without a value": ETH0 + "  up\n",
    "an option after rename": "iface eth0 inet manual\nrename\n mtu 9000\n",
    "iface alone": "iface\n",
    "iface and a name": ETH0 + "iface eth1\n",
    "no method": "iface eth1 inet\n" + ETH0,
    "an unknown family": "iface eth1 inet7 manual\n" + ETH0,
    "an unknown method": ETH0 + "iface eth1 inet nothing\n",
    "inherits nothing": ETH0 + "iface eth1 inet manual inherits\n",
    "inherits at once from nothing": ETH0 + "iface eth1 inherits\n",
    "inherits from later": "iface eth1 inet manual inherits eth0\n" + ETH0,
    "inherits from another family": ETH0 + "iface eth1 inet6 manual inherits eth0\n",
    "an option in a mapping": "mapping eth1\n  foo x\n" + ETH0,
    "two scripts": "mapping eth1\n  script x\n  script y\n" + ETH0,
    "blanks after a continuation": "\\\n  auto eth0\niface eth0 inet manual\n",
    "template": "template x\n" + ETH0,
    "allow without a group": ETH0 + "auto eth0\nallow- eth0\n",
}


def variants(text: str) -> Iterator[str]:
    """The text, and others that are the same to ifup, or nearly so."""
    yield text
    yield text.replace("\n", "\r\n")
    yield text.removesuffix("\n")
    yield "# first \\\n\n" + text.replace("\n  ", "\n\t \t")
    yield text.replace(" inet ", " \\\n inet ")
    yield "".join(f"{line}\n# caf\udce9\n" for line in text.split("\n") if "\\" not in text)


def _one(name: str) -> str:
    return f"auto {name}\niface {name} inet manual\n"


FOLDER = {
    **{
        f"d/{name}": _one(f"x{number}") for number, name in enumerate(("a1", "a2", "B", "_5", "-8"))
    },
    **{f"d/{name}": _one(f"y{number}") for number, name in enumerate(("a.x", "a~", ".h", "a b"))},
    "d/sub/a9": _one("sub"),
    "e.d/e1": _one("e1") + "  up echo e1\n",
    "sp ace/x": _one("space"),
    "[ab]": _one("brackets"),
    "broken": _one("b0") + "broken\n" + _one("b1"),
    "nested": "auto n0\nsource d/a1\nsource-directory e.d\n" + _one("n0"),
    "d/up": "source ../broken\nsource a2\n" + _one("up"),
    "itself": "source itself\n" + _one("itself"),
    "open": "auto o\niface o inet manual\n  mtu 9\\",
    "base": "iface base inet manual\n  up echo base\n",
}
"""Files that the trees include."""
TREES = {
    "debian": "source interfaces.d/*\n" + ETH0,
    "directory": "source-directory d\nauto z\niface z inet manual\n",
    "directory with a slash": "source-directory d/\n",
    "directory by a prefix": "source-dirs d\nsource-dir e.d\n",
    "directories": "source-directory [!d]*\nsource-directory ?.d\nsource-directory *\n",
    "pattern": "source d/*\n",
    "hidden": "source d/.*\n",
    "sets": "source d/[ab]*\nsource d/[^ab]*\n",
    "sets again": "source d/[!ab]*\nsource d/[[:upper:]_]\nsource d/[a-]*\n",
    "of folders": "source */a1\nsource d/*/a9\nsource */*[1-9]\n",
    "brackets": "source [ab]\n",
    "quotes": "source \"sp ace/x\"\nsource 'd/a1'\n",
    "backslash": "source sp\\ ace/x\nsource d/\\a\\2\n",
    "quote inside": "source sp' 'ace/x d/a'1'\n",
    "quoted pattern": 'source "d/a*"\nsource d/"a"?\nsource d/\\*\n',
    "quoted backslash": 'source "d\\/a1" "sp\\ ace/x"\nsource \'d/\\a1\'\n',
    "no shell": "source d/a1;d/a2\nsource d/a1&\nsource d/{a1,a2}\nsource (d/a1)\nsource d/a1>x\n",
    "no shell in the middle": "source d/a1 ; x\nsource d/a2 & x\nsource d/B < x\n",
    "no shell either": "source d/a1 \"d/a2\nsource d/a1'\n" + ETH0,
    "hash": "source # d/a1\nsource d/#\n",
    "other names": "source d//a1\nsource ./d/a1\n",
    "twice": "source d/a1\nsource d/a1\nsource d/a*\n",
    "nothing": "source\nsource-directory\nsource nowhere\nsource d\n" + ETH0,
    "nested": "source nested\n" + ETH0,
    "upwards": "source d/up\n" + ETH0,
    "broken": "auto a\nsource broken\niface a inet manual\n",
    "itself": "source interfaces\nsource itself\n" + ETH0,
    "open": "source open\n" + ETH0,
    "inherits": "source base\n" + ETH0 + "iface eth1 inet manual inherits base\n  up echo own\n",
    "inherits too early": "iface eth1 inet manual inherits base\nsource base\n",
    "second word": "source d/a1 d/a2\nsource-directory nowhere d\n",
    "ends a stanza": "iface eth1 inet manual\nsource base\n  mtu 9\n",
    "returns": "source d/a1\r\nsource-directory e.d\r\n",
}


class Memory:
    """Files in memory."""

    def __init__(self, **texts: str) -> None:
        self.texts = {"/" + path.replace("__", "/"): text for path, text in texts.items()}

    def text(self, path: str) -> str | None:
        return self.texts.get(path)

    def names(self, folder: str) -> Collection[str]:
        return [path.rpartition("/")[2] for path in self.texts]


def read(text: str, **others: str) -> ParsedInterfaces:
    return interfaces.parse_files("/main", Memory(main=text, **others))
