"""A made-up estate: credentials of many sorts, each in up to eight places over all surfaces, and beside them what
looks alike and is something else. The same seed gives the same estate; nothing in it was ever issued."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct, field

from keymuster.collect import meanings
from keymuster.collect.base import Context
from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax.node import Told
from keymuster.collect.told_secrets import ToldSecrets
from keymuster.detect import hints
from keymuster.detect.checksums import CHECKSUMS
from keymuster.detect.examples import from_shape
from keymuster.model import Credential, Observation, Secret, ServiceLocation, Storage
from keymuster.model.kubernetes import called
from keymuster.rules.schema import RuleSet
from repositories import Repository

CLUSTER = "0f1e6d2c-3b4a-4c5d-8e6f-7a8b9c0d1e2f"
TENANT = "99999999-1111-4222-8333-444444444444"
ACCOUNTS = ("111122223333", "444455556666", "777788889999")
DASHES = "-" * 5

PLAIN = (
    "github-pat", "slack-bot-token", "sendgrid-api-key", "npm-access-token", "stripe-secret-key",
    "anthropic-api-key", "openai-project-key", "gitlab-pat", "slack-webhook",
    "doppler-service-token",
)  # fmt: skip
"""Formats of tokens that say nothing of whose they are, or only of what account."""


class Planted(Struct, kw_only=True):
    """One credential: the fingerprints of its text, the files and functions in which it lies, the ids of what
    tells of it or declares it, and whom it proves."""

    name: str
    sort: str
    secrets: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    identity: str = ""


class Estate:
    """What was planted and where. `write` makes the files of it, `told` the records of services."""

    def __init__(self, rules: RuleSet, seed: int = 8, count: int = 300) -> None:
        self._random = Random(seed)
        self._formats = {one.id: one for one in rules.tokens}
        self._rules = rules
        self._lines: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._whole: dict[str, str] = {}
        self._past: dict[str, str] = {}
        self._live: list[tuple[str, str, str, str, dict[str, Any]]] = []
        self.planted: list[Planted] = []
        self.decoys: list[Planted] = []
        self.hinted: set[frozenset[str]] = set()
        while len(self.planted) < count:
            for sort, share in _SORTS.items():
                for _ in range(share):
                    if len(self.planted) < count:
                        sort(self)

    # --- what is in it ---------------------------------------------------------------------------

    def plain(self) -> None:
        """A token as it is; beside it, under the same name, one with the same beginning."""
        format = PLAIN[self._number % len(PLAIN)]
        one = self._planted(f"token {format}")
        text, other = self._token(format), self._token(format)
        alike = text[:12] + other[12:]
        if checksum := self._formats[format].checksum:
            alike = CHECKSUMS[checksum].sign(alike.encode()).decode()
        self._scatter(one, text, self._random.randint(1, 8))
        if self._chance(3):
            decoy = self._decoy(one)
            self._scatter(decoy, alike, 2, name=one.name)

    def access_key(self) -> None:
        """An access key of a user: its id lies about, IAM tells of it, a state may know it. Another account
        has a user of that name with a key of its own."""
        one = self._planted("aws access key")
        account, *others = self._random.sample(ACCOUNTS, 3)
        user = f"arn:aws:iam::{account}:user/{one.name}"
        self._told_key(one, user, text := self._key_id(account))
        self._scatter(one, text, self._random.randint(1, 5), _SETTINGS)
        if self._chance(2):
            address = f"aws_iam_access_key.{one.name}"
            path = f"infra/{one.name}/terraform.tfstate"
            self._whole[path] = _state(
                "aws_iam_access_key", one.name, {"id": text, "user": one.name}
            )
            self._whole[f"infra/{one.name}/main.tf"] = (
                f'resource "aws_iam_access_key" "{one.name}" {{\n  user = "{one.name}"\n}}\n'
            )
            one.files |= {path, f"infra/{one.name}/main.tf"}
            one.ids |= {f"terraform:{path}:{address}", f"terraform:infra/{one.name}:{address}"}
            self._whole[f"infra/other-{one.name}/main.tf"] = (
                f'resource "aws_iam_access_key" "{one.name}" {{\n  user = "{one.name}"\n}}\n'
            )
        decoy = self._decoy(one)
        arn = f"arn:aws:iam::{others[0]}:user/{one.name}"
        self._told_key(decoy, arn, text := self._key_id(others[0]))
        if self._chance(2):
            self._scatter(decoy, text, 1, _SETTINGS, name=one.name)

    def google_key(self) -> None:
        """A key file of a service account, as it is, in base64 and in a state. The same account has another
        key, and another project an account of the same name."""
        one = self._planted("gcp key")
        emails = [f"{one.name}@acme-{name}.iam.gserviceaccount.com" for name in ("prod", "lab")]
        for number, email in enumerate((emails[0], emails[0], emails[1])):
            about = one if not number else self._decoy(one)
            text, id = self._google_file(email)
            self._tell(
                "gcp", "google_service_account_key", f"gcp:{email}/keys/{id}", email.partition("@")[2],
                {"service_account_id": email, "keyType": "USER_MANAGED", "validAfterTime": "2025-01-01T00:00:00Z"},
            )  # fmt: skip
            about.ids.add(f"gcp:{email}/keys/{id}#credential")
            about.identity = f"gcp:{email}"
            if number != 1:
                project = email.partition("@")[2].partition(".")[0]
                self._tell(
                    "gcp", "google_service_account", f"gcp:{email}", project,
                    {"account_id": one.name, "project": project, "email": email},
                )  # fmt: skip
            ways = self._random.sample(
                _FILES_OF_KEYS, self._random.randint(1, 4) if not number else 1
            )
            for way in ways:
                self._put(about, f"{way}-{number}", _written(way, text, one.name))
            if not number and self._chance(2):
                path = f"infra/gcp-{one.name}/terraform.tfstate"
                said = {
                    "name": f"projects/acme-prod/serviceAccounts/{email}/keys/{id}",
                    "private_key": base64.b64encode(text.encode()).decode(),
                }  # fmt: skip
                self._whole[path] = _state("google_service_account_key", "x", said)
                about.files.add(path)
                about.ids.add(f"terraform:{path}:google_service_account_key.x#credential")

    def ssh_key(self) -> None:
        """A key in OpenSSH's form that opens a repository or two, one of them declared. Another key has the
        same comment and title."""
        one = self._planted("ssh key")
        for about in (one, self._decoy(one)):
            text, public, fingerprint = self._openssh(one.name)
            for way in self._random.sample(_FILES_OF_KEYS, self._random.randint(1, 4)):
                self._put(about, f"{way}-{about is one}", _written(way, text, one.name))
            for number in range(self._random.randint(1, 2)):
                id = f"github:acme/{one.name}-{about is one}-{number}/deploy-key/1"
                self._tell(
                    "github", "github_repository_deploy_key", id, "acme",
                    {"repository": one.name, "title": one.name, "fingerprint_sha256": fingerprint},
                )  # fmt: skip
                about.ids.add(id)
            if about is one and self._chance(2):
                path = f"infra/github-{one.name}/main.tf"
                self._whole[path] = (
                    f'resource "github_repository_deploy_key" "x" {{\n  repository = "app"\n  key = "{public}"\n}}\n'
                )
                about.files.add(path)
                about.ids.add(
                    f"terraform:infra/github-{one.name}:github_repository_deploy_key.x#credential"
                )

    def certificate(self) -> None:
        """The private key of a certificate that an application of Entra signs in with."""
        one = self._planted("entra certificate")
        app = self._application(one)
        for about in (one, self._decoy(one)):
            modulus = self._random.getrandbits(1024) | 1 | 1 << 1023
            text = _pem("PRIVATE KEY", _rsa_private(modulus, self._random))
            key = self._guid()
            id = f"{app}/keyCredentials/{key}"
            self._tell(
                "entra", "azuread_application_certificate", id, TENANT,
                {
                    "application_id": app.rpartition("/")[2], "key_id": key, "display_name": one.name,
                    "certificate": base64.b64encode(_x509(modulus, one.name)).decode(),
                    "end_date": "2030-01-01T00:00:00Z",
                },
            )  # fmt: skip
            about.ids.add(f"{id}#credential")
            about.identity = app
            for way in self._random.sample(_FILES_OF_KEYS, self._random.randint(1, 3)):
                self._put(about, f"{way}-{about is one}", _written(way, text, one.name))

    def client_secret(self) -> None:
        """A client secret with the application that it is of, which Graph knows by a hint. Another one has the
        same hint, and lies where no application is named."""
        one = self._planted("entra secret")
        app = self._application(one)
        client = f"{int(app[-12:]) + 5000:012d}"
        text = self._token("azure-ad-client-secret")
        id = self._told_secret(app, one.name, text)
        one.identity = app
        said = {
            "clientId": f"00000000-0000-4000-8000-{client}", "clientSecret": text, "tenantId": TENANT,
        }  # fmt: skip
        for way in self._random.sample(_FILES_OF_KEYS, self._random.randint(1, 4)):
            self._put(one, way, _written(way, json.dumps(said), one.name))
        decoy = self._decoy(one)
        other = self._token("azure-ad-client-secret")
        alike = CHECKSUMS["azure-ad"].sign((text[:3] + other[3:]).encode()).decode()
        self._scatter(decoy, alike, 1, _SETTINGS, name=one.name)
        self.hinted.add(frozenset((one.name, id)))

    def oauth_client(self) -> None:
        """What Google gives for a client; the same client is let in by users of Workspace."""
        one = self._planted("google oauth client")
        number = self._digits(12)
        for about in (one, self._decoy(one)):
            client = f"{number}-{self._letters(32)}.apps.googleusercontent.com"
            said = {
                "web": {
                    "client_id": client,
                    "client_secret": self._token("google-oauth-client-secret"),
                }
            }
            self._tell(
                "google-workspace", "admin.googleapis.com/App", f"google-workspace:C01/app/{client}", "C01",
                {"clientId": client, "displayText": one.name},
            )  # fmt: skip
            about.identity = f"google-workspace:C01:client/{client}"
            for way in self._random.sample(_FILES_OF_KEYS, self._random.randint(1, 3)):
                self._put(about, f"{way}-{about is one}", _written(way, json.dumps(said), one.name))

    def hmac_key(self) -> None:
        one = self._planted("gcp hmac key")
        for about in (one, self._decoy(one)):
            text = self._token("google-hmac-key-id")
            project = f"acme-{about is one}".lower()
            email = f"store@{project}.iam.gserviceaccount.com"
            self._tell(
                "gcp", "google_service_account", f"gcp:{email}", project,
                {"account_id": "store", "project": project, "email": email},
            )  # fmt: skip
            self._tell(
                "gcp", "google_storage_hmac_key", f"gcp:hmac/{text}", "acme-prod",
                {"access_id": text, "service_account_email": email, "state": "ACTIVE"},
            )  # fmt: skip
            about.ids.add(f"gcp:hmac/{text}#credential")
            about.identity = f"gcp:{email}"
            self._scatter(about, text, self._random.randint(1, 3), _SETTINGS, name=one.name)

    def bedrock_key(self) -> None:
        """A key that names its user, whom IAM tells of; in another account there is one of that name."""
        one = self._planted("bedrock key")
        user = f"BedrockAPIKey-{self._letters(4)}"
        for about, account in ((one, ACCOUNTS[0]), (self._decoy(one), ACCOUNTS[1])):
            said = f"{user}-at-{account}:{self._letters(60)}"
            text = "ABSK" + base64.b64encode(said.encode()).decode()
            arn = f"arn:aws:iam::{account}:user/{user}"
            self._tell("aws", "AWS::IAM::User", arn, account, {"UserName": user})
            about.identity = arn
            self._scatter(about, text, self._random.randint(1, 4), _SETTINGS, name=one.name)

    def token_of_application(self) -> None:
        """A token that Entra gave an application."""
        one = self._planted("entra token")
        app = self._application(one)
        for about, client in (
            (one, int(app[-12:]) + 5000),
            (self._decoy(one), self._number + 90_000),
        ):
            claims = {
                "iss": f"https://sts.windows.net/{TENANT}/", "appid": f"00000000-0000-4000-8000-{client:012d}",
                "aud": "https://graph.microsoft.com", "sub": self._guid(), "exp": 1_900_000_000, "iat": 1_760_000_000,
            }  # fmt: skip
            parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
            text = ".".join(
                [*(_base64url(part) for part in parts), _base64url(self._random.randbytes(256))]
            )
            about.identity = app if about is one else ""
            self._scatter(about, text, self._random.randint(1, 4), _SETTINGS, name=one.name)

    def token_of_account(self) -> None:
        """A token without an end that a cluster gave a service account; another cluster has one of that name."""
        one = self._planted("service account token")
        uid = f"10000000-0000-4000-8000-{self._number:012d}"
        account = called(f"ServiceAccount/prod/{one.name}", CLUSTER)
        metadata = {"name": one.name, "namespace": "prod", "uid": uid}
        self._tell("kubernetes", "ServiceAccount", account, CLUSTER, {"metadata": metadata})
        for about, said in ((one, uid), (self._decoy(one), f"2{uid[1:]}")):
            word = "kubernetes.io/serviceaccount"
            claims = {
                "iss": "kubernetes/serviceaccount", f"{word}/namespace": "prod",
                f"{word}/service-account.name": one.name, f"{word}/service-account.uid": said,
                "sub": f"system:serviceaccount:prod:{one.name}",
            }  # fmt: skip
            parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "kid": "k"}, claims)]
            text = ".".join(
                [*(_base64url(part) for part in parts), _base64url(self._random.randbytes(256))]
            )
            about.identity = account if about is one else ""
            self._scatter(about, text, self._random.randint(1, 4), _SETTINGS, name=one.name)

    # --- where it lies ---------------------------------------------------------------------------

    def write(self, repository: Repository) -> None:
        """All files: what lies in the past was there in the first commit, and is not in the second."""
        files = dict(self._whole)
        for surface, about in self._lines.items():
            for path, lines in about.items():
                files[path] = _AROUND[surface](lines)
        for path, text in {**files, **self._past}.items():
            repository.write(path, text)
        repository.git("add", "--all", "--force")
        repository.git("commit", "--quiet", "-m", "all")
        for path in self._past:
            Path(repository.path, path).unlink()
        repository.git("commit", "--quiet", "--all", "-m", "clean up")

    def told(self, context: Context) -> Iterator[Observation]:
        """What services tell, as their collectors make records of it."""
        secrets = ToldSecrets(context)
        for service, type, id, account, settings in self._live:
            place = ServiceLocation(service=service, account=account, resource=id)
            one = Declared(
                type=type, name=str(settings.get("title") or id.rpartition("/")[2]),
                scope=f"{service}:{account}", key=id, account=account,
                settings=Told.about(place).node(settings),
                sealing=Sealing(storage=Storage.SERVICE, samples=self._rules.samples),
            )  # fmt: skip
            yield from meanings.records(one, self._rules.resource_types)
            if type == "AWS::Lambda::Function":
                yield from (found for found in secrets.of(one) if isinstance(found, Credential))

    def _scatter(
        self, one: Planted, text: str, count: int, surfaces: tuple[str, ...] = (), name: str = ""
    ) -> None:
        """The same text in so many kinds of places, under a name that others may have, too."""
        one.secrets.add(Secret(text.encode()).fingerprint())
        word = (name or one.name).upper().replace("-", "_")
        service = f"svc{self._number % 25}{'' if one in self.planted else '-lab'}"
        for surface in self._random.sample(surfaces or _SURFACES, count):
            if surface == "function":
                arn = f"arn:aws:lambda:eu-west-1:{ACCOUNTS[0]}:function:{one.name}"
                self._tell(
                    "aws", "AWS::Lambda::Function", arn, ACCOUNTS[0],
                    {"FunctionName": one.name, "Environment": {"Variables": {f"{word}_KEY": text}}},
                )  # fmt: skip
                one.files.add(arn)
            elif surface == "past":
                self._past[f"old/{one.name}.env"] = f"{word}_KEY={text}\n"
                one.files.add(f"old/{one.name}.env")
            else:
                path = _PATHS[surface].format(service)
                self._lines[surface][path].append(_LINES[surface](word, text))
                one.files.add(path)

    def _put(self, one: Planted, name: str, written: tuple[str, str]) -> None:
        """A file of its own."""
        ending, text = written
        path = f"keys/{one.name}-{name}{ending}"
        self._whole[path] = text
        one.files.add(path)

    def _tell(
        self, service: str, type: str, id: str, account: str, settings: dict[str, Any]
    ) -> None:
        self._live.append((service, type, id, account, settings))

    def _told_key(self, one: Planted, user: str, text: str) -> None:
        account = user.split(":")[4]
        self._tell("aws", "AWS::IAM::User", user, account, {"UserName": user.rpartition("/")[2]})
        self._tell(
            "aws", "AWS::IAM::AccessKey", f"{user}/access-key-1", account,
            {"UserName": user, "Status": "Active", "AccessKeyId": text, "CreateDate": "2025-06-01T00:00:00Z"},
        )  # fmt: skip
        one.ids.add(f"{user}/access-key-1")
        one.identity = user

    def _told_secret(self, app: str, name: str, text: str) -> str:
        key = self._guid()
        id = f"{app}/passwordCredentials/{key}"
        self._tell(
            "entra", "azuread_application_password", id, TENANT,
            {
                "application_id": app.rpartition("/")[2], "key_id": key, "display_name": name,
                "hint_digest": hints.digest(text[:3]),
                "end_date": "2030-01-01T00:00:00Z",
            },
        )  # fmt: skip
        return f"{id}#credential"

    def _application(self, one: Planted) -> str:
        number = self._number
        id = f"00000000-0000-4000-8000-{number:012d}"
        key = f"entra:{TENANT}/{id}"
        self._tell(
            "entra", "azuread_application", key, TENANT,
            {
                "display_name": one.name, "object_id": id,
                "client_id": f"00000000-0000-4000-8000-{number + 5000:012d}",
            },
        )  # fmt: skip
        return key

    # --- what it is made of ----------------------------------------------------------------------

    @property
    def _number(self) -> int:
        return len(self.planted)

    def _planted(self, sort: str) -> Planted:
        one = Planted(name=f"app{self._number:03d}", sort=sort)
        self.planted.append(one)
        return one

    def _decoy(self, of: Planted) -> Planted:
        decoy = Planted(name=f"{of.name}-other{len(self.decoys)}", sort=of.sort)
        self.decoys.append(decoy)
        return decoy

    def _chance(self, of: int) -> bool:
        return self._random.randrange(of) == 0

    def _token(self, format: str) -> str:
        token = self._formats[format]
        text = from_shape(token.shapes[0], f"{format} {self._random.random()}")
        return CHECKSUMS[token.checksum].sign(text.encode()).decode() if token.checksum else text

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices("abcdefghijkmnpqrstuvwxyz23456789", k=count))

    def _digits(self, count: int) -> str:
        return "".join(self._random.choices("123456789", k=count))

    def _guid(self) -> str:
        text = f"{self._random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"

    def _key_id(self, account: str) -> str:
        """Such an id tells its account."""
        head = (1 << 47 | int(account) << 7 | self._random.getrandbits(7)).to_bytes(6, "big")
        return "AKIA" + base64.b32encode(head + self._random.randbytes(4)).decode()

    def _google_file(self, email: str) -> tuple[str, str]:
        id = f"{self._random.getrandbits(160):040x}"
        modulus = self._random.getrandbits(1024) | 1 | 1 << 1023
        said = {
            "type": "service_account", "project_id": email.partition("@")[2].partition(".")[0],
            "private_key_id": id, "private_key": _pem("PRIVATE KEY", _rsa_private(modulus, self._random)),
            "client_email": email, "client_id": self._digits(21),
        }  # fmt: skip
        return json.dumps(said, indent=2), id

    def _openssh(self, comment: str) -> tuple[str, str, str]:
        """A key file, the line of its public half, and what that is called."""
        from hashlib import sha256

        public = _strings(b"ssh-ed25519", self._random.randbytes(32))
        secret = _strings(self._random.randbytes(64), comment.encode())
        check = self._random.randbytes(4) * 2
        body = b"openssh-key-v1\0" + _strings(b"none", b"none", b"") + (1).to_bytes(4, "big")
        body += _strings(public, check + public + secret)
        digest = base64.b64encode(sha256(public).digest()).decode().rstrip("=")
        line = f"ssh-ed25519 {base64.b64encode(public).decode()} {comment}"
        return _pem("OPENSSH PRIVATE KEY", body), line, f"SHA256:{digest}"


_SORTS: dict[Callable[[Estate], None], int] = {
    Estate.plain: 10, Estate.access_key: 5, Estate.google_key: 4, Estate.ssh_key: 3, Estate.certificate: 2,
    Estate.client_secret: 2, Estate.oauth_client: 1, Estate.hmac_key: 1, Estate.bedrock_key: 1,
    Estate.token_of_application: 1, Estate.token_of_account: 1,
}  # fmt: skip
"""How many of each there are among thirty."""

_PATHS = {
    "python": "{}/settings.py", "env": "{}/.env", "docker": "{}/Dockerfile", "terraform": "{}/main.tf",
    "state": "{}/terraform.tfstate", "stack": "{}/template.yaml", "workflow": ".github/workflows/{}.yml",
    "kubernetes": "{}/secret.yaml", "mcp": "{}/.mcp.json",
}  # fmt: skip

_SURFACES = (*_PATHS, "past", "function")

_SETTINGS = tuple(one for one in _SURFACES if one != "state")
"""Where something lies as the value of a setting. States are written by what makes the credential."""


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_LINES: dict[str, Callable[[str, str], str]] = {
    "python": lambda name, text: f'{name}_KEY = "{text}"\n',
    "env": lambda name, text: f"{name}_KEY={text}\n",
    "docker": lambda name, text: f"ENV {name}_KEY={text}\n",
    "terraform": lambda name, text: f'resource "aws_ssm_parameter" "{name.lower()}" {{\n  name  = "{name}"\n  type  = "SecureString"\n  value = "{text}"\n}}\n',
    "state": lambda name, text: json.dumps(_resource("aws_ssm_parameter", name.lower(), {"name": name, "value": text})),
    "stack": lambda name, text: f"          {name}_KEY: {text}\n",
    "workflow": lambda name, text: f"  {name}_KEY: {text}\n",
    "kubernetes": lambda name, text: f"  {name}_KEY: {_encoded(text)}\n",
    "mcp": lambda name, text: json.dumps({f"{name}_KEY": text}),
}  # fmt: skip
"""A name and its value, as each sort of file has them."""


def _mcp(lines: list[str]) -> str:
    env = {name: value for one in lines for name, value in json.loads(one).items()}
    return json.dumps(
        {"mcpServers": {"tools": {"command": "npx", "args": ["tools"], "env": env}}}, indent=1
    )


_AROUND: dict[str, Callable[[list[str]], str]] = {
    "python": "".join,
    "env": "".join,
    "docker": lambda lines: "FROM python:3.13\n" + "".join(lines),
    "terraform": "".join,
    "state": lambda lines: json.dumps({"version": 4, "resources": [json.loads(one) for one in lines]}, indent=1),
    "stack": lambda lines: (
        "Resources:\n  Function:\n    Type: AWS::Lambda::Function\n    Properties:\n      Environment:\n"
        "        Variables:\n" + "".join(lines)
    ),
    "workflow": lambda lines: "on: push\nenv:\n" + "".join(lines) + "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n",
    "kubernetes": lambda lines: "apiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\ndata:\n" + "".join(lines),
    "mcp": _mcp,
}  # fmt: skip

_FILES_OF_KEYS = ("file", "secret", "python", "function-yaml")


def _written(way: str, text: str, name: str) -> tuple[str, str]:
    """The ending and the text of a file that holds a whole key file."""
    match way:
        case "secret":
            entry = f"  key: {_encoded(text)}\n"
            return (
                ".yaml",
                f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ndata:\n{entry}",
            )
        case "python":
            return ".py", f"KEY = {json.dumps(text)}\n"
        case "function-yaml":
            return ".yml", f"settings:\n  key: {json.dumps(text)}\n"
        case _:
            return (".json" if text.startswith("{") else ".pem"), text


def _resource(type: str, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        "mode": "managed",
        "type": type,
        "name": name,
        "instances": [{"attributes": attributes}],
    }


def _state(type: str, name: str, attributes: dict[str, Any]) -> str:
    return json.dumps({"version": 4, "resources": [_resource(type, name, attributes)]}, indent=1)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _pem(label: str, body: bytes) -> str:
    text = base64.b64encode(body).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"{DASHES}BEGIN {label}{DASHES}", *lines, f"{DASHES}END {label}{DASHES}", ""])


def _strings(*parts: bytes) -> bytes:
    return b"".join(len(one).to_bytes(4, "big") + one for one in parts)


def _der(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    size = (len(body).bit_length() + 7) // 8
    length = (
        bytes([len(body)])
        if len(body) < 128
        else bytes([0x80 | size]) + len(body).to_bytes(size, "big")
    )
    return bytes([tag]) + length + body


def _integer(number: int) -> bytes:
    return _der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


_RSA = _der(0x30, _der(6, bytes.fromhex("2a864886f70d010101")), b"\x05\x00")


def _rsa_private(modulus: int, random: Random) -> bytes:
    """A key that nobody can use, as its numbers have nothing to do with each other."""
    numbers = [modulus, 65537, *(random.getrandbits(512) for _ in range(6))]
    inside = _der(0x30, _integer(0), *map(_integer, numbers))
    return _der(0x30, _integer(0), _RSA, _der(4, inside))


def _x509(modulus: int, name: str) -> bytes:
    key = _der(0x30, _RSA, _der(3, b"\0" + _der(0x30, _integer(modulus), _integer(65537))))
    who = _der(
        0x30, _der(0x31, _der(0x30, _der(6, bytes.fromhex("550403")), _der(12, name.encode())))
    )
    algorithm = _der(0x30, _der(6, bytes.fromhex("2a864886f70d01010b")), b"\x05\x00")
    times = _der(0x30, _der(0x17, b"250101000000Z"), _der(0x17, b"300101000000Z"))
    version = _der(0xA0, _integer(2))
    body = _der(0x30, version, _integer(modulus % 9999), algorithm, who, times, who, key)
    return _der(0x30, body, algorithm, _der(3, b"\0" * 9))
