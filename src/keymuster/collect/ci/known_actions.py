"""What is known of published actions, as data: which inputs are code, which keep caches, sign in, publish.

Actions are in lower case, without their version.
"""

from __future__ import annotations

CODE_INPUTS: dict[str, tuple[str, ...]] = {
    "actions/github-script": ("script",),
    "addnab/docker-run-action": ("run",),
    "amadevus/pwsh-script": ("script",),
    "appleboy/ssh-action": ("script",),
    "azure/cli": ("inlineScript",),
    "azure/powershell": ("inlineScript",),
    "cardinalby/js-eval-action": ("expression",),
    "coactions/setup-xvfb": ("run",),
    "cross-platform-actions/action": ("run",),
    "devorbitus/yq-action-output": ("cmd",),
    "gabrielbb/xvfb-action": ("run",),
    "ianwalter/playwright-container": ("run",),
    "jannekem/run-python-script-action": ("script",),
    "mathiasvr/command-output": ("run",),
    "mikefarah/yq": ("cmd",),
    "nick-fields/retry": ("command", "on_retry_command", "new_command_on_retry"),
    "nick-invision/retry": ("command", "on_retry_command", "new_command_on_retry"),
    "reactivecircus/android-emulator-runner": ("script", "pre-emulator-launch-script"),
    "sergeysova/jq-action": ("cmd",),
    "uraimo/run-on-arch-action": ("run", "install", "setup"),
    "vmactions/freebsd-vm": ("run", "prepare"),
    "vmactions/netbsd-vm": ("run", "prepare"),
    "vmactions/openbsd-vm": ("run", "prepare"),
    "vmactions/solaris-vm": ("run", "prepare"),
    "nickshine/command": ("run",),
    "paambaati/codeclimate-action": ("coverageCommand",),
    "cypress-io/github-action": ("command", "build", "start", "install-command"),
    "changesets/action": ("publish", "version"),
    "actions-rs/cargo": ("args",),
    "docker/build-push-action": ("context",),
    "8398a7/action-slack": ("custom_payload",),
    "gautamkrishnar/blog-post-workflow": ("item_exec",),
    "imjohnbo/issue-bot": (
        "body",
        "linked-comments-previous-issue-text",
        "linked-comments-new-issue-text",
    ),
    "lucasbento/auto-close-issues": ("issue-close-message",),
    "roots/issue-closer-action": ("issue-close-message", "pr-close-message"),
    "skitionek/notify-microsoft-teams": ("overwrite",),
    "tibdex/backport": ("body_template", "head_template", "labels_template", "title_template"),
}
"""Action -> its inputs that are run."""

CODE_INPUT_NAMES = (
    "script",
    "run",
    "inlinescript",
    "cmd",
    "command",
    "commands",
    "eval",
    "shell-script",
)
"""Names of inputs that are most likely run, whatever the action."""

READ_ONLY_ACTIONS = ("actions/labeler", "actions/first-interaction", "dessant/lock-threads")
"""Actions that run none of what an outsider wrote, and are safe under any trigger."""

PUBLISHING_ACTIONS = (
    "softprops/action-gh-release", "actions/create-release", "ncipollo/release-action",
    "goreleaser/goreleaser-action", "pypa/gh-action-pypi-publish", "js-devtools/npm-publish",
    "rubygems/release-gem", "docker/build-push-action", "docker/bake-action",
    "semantic-release/semantic-release", "cycjimmy/semantic-release-action", "release-drafter/release-drafter",
    "googleapis/release-please-action", "google-github-actions/release-please-action",
    "cargo-bins/release-pr", "release-plz/action", "katyo/publish-crates", "marcoieni/release-plz-action",
    "peaceiris/actions-gh-pages", "actions/deploy-pages", "jamesives/github-pages-deploy-action",
    "cloudflare/wrangler-action", "aws-actions/amazon-ecs-deploy-task-definition",
    "aws-actions/aws-cloudformation-github-deploy", "azure/webapps-deploy", "azure/functions-action",
    "azure/container-apps-deploy-action", "google-github-actions/deploy-cloudrun",
    "google-github-actions/deploy-appengine", "google-github-actions/deploy-cloud-functions",
    "changesets/action", "svenstaro/upload-release-action", "actions/upload-release-asset",
    "xresloader/upload-to-github-release", "tauri-apps/tauri-action", "crazy-max/ghaction-github-pages",
    "superfly/flyctl-actions", "firebaseextended/action-hosting-deploy"
)  # fmt: skip
"""Actions whose results others use."""


class Cache:
    """How an action says whether it restores a cache: by `inputs`, of which one that is set wants it
    (or, if `off`, that is true refuses it); and whether it does by itself."""

    __slots__ = ("by_itself", "off", "on")

    def __init__(
        self, on: tuple[str, ...] = (), off: tuple[str, ...] = (), *, by_itself: bool = False
    ) -> None:
        self.on = on
        self.off = off
        self.by_itself = by_itself


CACHES: dict[str, Cache] = {
    "actions/cache": Cache(off=("lookup-only",), by_itself=True),
    "actions/cache/restore": Cache(off=("lookup-only",), by_itself=True),
    "actions/setup-java": Cache(on=("cache",)),
    "actions/setup-go": Cache(on=("cache",), by_itself=True),
    "actions/setup-node": Cache(on=("cache", "package-manager-cache")),
    "actions/setup-python": Cache(on=("cache",)),
    "actions/setup-dotnet": Cache(on=("cache",)),
    "actions-rust-lang/setup-rust-toolchain": Cache(on=("cache",), by_itself=True),
    "astral-sh/setup-uv": Cache(on=("enable-cache",), by_itself=True),
    "bahmutov/npm-install": Cache(by_itself=True),
    "baptiste0928/cargo-install": Cache(by_itself=True),
    "coursier/cache-action": Cache(by_itself=True),
    "docker/setup-buildx-action": Cache(on=("cache-binary",), by_itself=True),
    "golangci/golangci-lint-action": Cache(off=("skip-cache",), by_itself=True),
    "gradle/actions/setup-gradle": Cache(off=("cache-disabled",), by_itself=True),
    "gradle/gradle-build-action": Cache(off=("cache-disabled",), by_itself=True),
    "graalvm/setup-graalvm": Cache(on=("cache",)),
    "jdx/mise-action": Cache(on=("cache",), by_itself=True),
    "julia-actions/cache": Cache(by_itself=True),
    "leafo/gh-actions-lua": Cache(on=("buildcache",), by_itself=True),
    "mamba-org/setup-micromamba": Cache(on=("cache-environment", "cache-downloads")),
    "moonrepo/setup-rust": Cache(on=("cache",), by_itself=True),
    "mozilla-actions/sccache-action": Cache(by_itself=True),
    "mlugg/setup-zig": Cache(on=("use-cache",), by_itself=True),
    "nix-community/cache-nix-action": Cache(by_itself=True),
    "determinatesystems/magic-nix-cache-action": Cache(by_itself=True),
    "oven-sh/setup-bun": Cache(off=("no-cache",), by_itself=True),
    "pdm-project/setup-pdm": Cache(on=("cache",)),
    "pnpm/action-setup": Cache(on=("cache",)),
    "prefix-dev/setup-pixi": Cache(on=("cache",)),
    "pyo3/maturin-action": Cache(on=("sccache",)),
    "ramsey/composer-install": Cache(off=("ignore-cache",), by_itself=True),
    "rlespinasse/setup-cache": Cache(by_itself=True),
    "ruby/setup-ruby": Cache(on=("bundler-cache",)),
    "shivammathur/cache-extensions": Cache(by_itself=True),
    "swatinem/rust-cache": Cache(off=("lookup-only",), by_itself=True),
    "hynek/setup-cached-uv": Cache(by_itself=True),
    "burrunan/gradle-cache-action": Cache(by_itself=True),
    "goto-bus-stop/setup-zig": Cache(on=("cache",), by_itself=True),
    "denoland/setup-deno": Cache(on=("cache",)),
    "subosito/flutter-action": Cache(on=("cache",)),
}
"""Actions that bring files of former runs."""

STATIC_KEY_INPUTS: dict[str, dict[str, str]] = {
    "aws-actions/configure-aws-credentials": {"aws-secret-access-key": "aws"},
    "google-github-actions/auth": {"credentials_json": "gcp"},
    "google-github-actions/setup-gcloud": {"service_account_key": "gcp"},
    "azure/login": {"creds": "azure", "client-secret": "azure"},
    "google-github-actions/deploy-cloudrun": {"credentials": "gcp"},
    "azure/webapps-deploy": {"publish-profile": "azure"},
    "azure/functions-action": {"publish-profile": "azure"},
    "firebaseextended/action-hosting-deploy": {"firebaseServiceAccount": "gcp"},
    "einaregilsson/beanstalk-deploy": {"aws_secret_key": "aws"},
    "aliyun/configure-aliyun-credentials-action": {"access-key-secret": "alibaba"},
    "hashicorp/vault-action": {"token": "vault", "secretId": "vault", "githubToken": "vault"},
}
"""Action -> its input that holds a key that lasts -> the cloud it opens. Each of these clouds takes
what the job can prove of itself instead."""

STATIC_KEY_VARIABLES: dict[str, str] = {
    "AWS_SECRET_ACCESS_KEY": "aws",
    "GOOGLE_CREDENTIALS": "gcp",
    "GOOGLE_APPLICATION_CREDENTIALS_JSON": "gcp",
    "GCP_SA_KEY": "gcp",
    "GCLOUD_SERVICE_KEY": "gcp",
    "ARM_CLIENT_SECRET": "azure",
    "AZURE_CLIENT_SECRET": "azure",
    "AZURE_CREDENTIALS": "azure",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "alibaba",
}
"""Environment variables that hold such a key."""

SIGN_IN_ACTIONS = (
    "aws-actions/configure-aws-credentials", "google-github-actions/auth", "azure/login",
    "hashicorp/vault-action", "pypa/gh-action-pypi-publish", "rubygems/release-gem",
    "rubygems/configure-rubygems-credentials", "rust-lang/crates-io-auth-action", "nuget/login",
    "sigstore/cosign-installer", "sigstore/gh-action-sigstore-python", "actions/attest",
    "actions/attest-build-provenance", "actions/attest-sbom", "actions/deploy-pages",
    "slsa-framework/slsa-github-generator", "codecov/codecov-action", "pulumi/auth-actions",
    "jfrog/setup-jfrog-cli", "tailscale/github-action", "octo-sts/action", "chainguard-dev/actions",
    "anthropics/claude-code-action", "aliyun/configure-aliyun-credentials-action",
    "oracle-actions/configure-kubectl-oke", "doppler/secrets-fetch-action", "infisical/secrets-action",
    "js-devtools/npm-publish", "akeyless-community/akeyless-github-action", "depot/setup-action",
    "depot/build-push-action", "conda-incubator/push-action", "cycjimmy/semantic-release-action",
    "changesets/action", "codspeedhq/action", "step-security/wait-for-secrets", "docker/build-push-action",
    "docker/login-action",
)  # fmt: skip
"""Actions that ask for proof of who the job is."""

APP_TOKEN_ACTIONS = (
    "actions/create-github-app-token", "tibdex/github-app-token", "getsentry/action-github-app-token",
    "peter-murray/workflow-application-token-action",
)  # fmt: skip

ARCHIVED = (
    "actions/create-release", "actions/upload-release-asset", "actions/setup-ruby",
    "actions/setup-elixir", "actions/setup-haskell", "actions-rs/toolchain", "actions-rs/cargo",
    "actions-rs/clippy-check", "actions-rs/audit-check", "actions-rs/install", "actions-rs/tarpaulin",
    "actions-rs/grcov", "actions-rs/components-nightly", "azure/appservice-settings", "azure/docker-login",
    "azure/container-actions", "azure/get-keyvault-secrets", "azure/appconfiguration-sync",
    "gradle/gradle-build-action", "gradle/wrapper-validation-action", "google-github-actions/release-please-action",
    "tibdex/github-app-token", "tibdex/backport", "dieghernan/cff-validator", "code-specialist/pypi-poetry-publish",
    "aws-actions/closed-issue-message", "andrewmcodes/rubocop-linter-action", "artichoke/setup-rust",
    "8398a7/action-slack", "repo-sync/pull-request", "repo-sync/github-sync", "semgrep/semgrep-action",
    "nick-invision/retry", "marvinpinto/action-automatic-releases", "justinribeiro/lighthouse-action",
    "actionstoolbox/gem-build-and-release-action", "allanchain/poetry-cache-action",
    "andrewmcodes-archive/rubocop-linter-action", "aslafy-z/conventional-pr-title-action",
    "azure/appservice-actions", "azure/azure-resource-login-action", "azure/container-scan",
    "azure/data-factory-deploy-action", "azure/data-factory-export-action",
    "azure/data-factory-validate-action", "azure/k8s-actions", "azure/manage-azure-policy",
    "azure/publish-security-assessments", "azure/run-sqlpackage-action", "azure/spring-cloud-deploy",
    "azure/webapps-container-deploy", "cedrickring/golang-action", "cirrus-actions/rebase",
    "contributor-assistant/github-action", "cpcloud/flake-update-action", "crazy-max/ghaction-docker-buildx",
    "crazy-max/ghaction-hugo", "decathlon/pull-request-labeler-action", "delaguardo/setup-graalvm",
    "dulvui/godot-android-export", "elstudio/actions-settings", "expo/expo-preview-action",
    "fabasoad/setup-zizmor-action", "facebook/pysa-action", "fregante/release-with-changelog",
    "google/mirror-branch-action", "google/skywater-pdk-actions", "grafana/k6-action",
    "hashicorp/terraform-cdk-action", "helaili/github-graphql-action", "helaili/jekyll-action",
    "ilshidur/action-slack", "irgolic/autopr", "jakejarvis/backblaze-b2-action",
    "jakejarvis/cloudflare-purge-action", "jakejarvis/firebase-deploy-action", "jakejarvis/hugo-build-action",
    "jakejarvis/lighthouse-action", "jakejarvis/s3-sync-action", "jimmygchen/runner-fallback-action",
    "kanadgupta/glitch-sync", "kxxt/chatgpt-action", "lapras-inc/resume-sync-action", "liskin/gh-pipx",
    "machine-learning-apps/wandb-action", "mansagroup/gcs-cache-action", "marvinpinto/actions",
    "maxheld83/ghpages", "meilcli/danger-action", "meilcli/gradle-update-check-action",
    "meilcli/npm-update-check-action", "meilcli/nuget-update-check-action", "micnncim/action-lgtm-reaction",
    "mikepenz/gradle-dependency-submission", "niklasmerz/github-deployment-action", "orf/cargo-bloat-action",
    "paambaati/codeclimate-action", "philips-software/docker-ci-scripts", "primer/figma-action",
    "reasonsoftware/action-pylint", "repo-sync/repo-sync", "sagebind/docker-swarm-deploy-action",
    "scottbrenner/generate-changelog-action", "secrethub/actions", "shaunlwm/action-release-debugapk",
    "soichisumi/issue-copy-action", "sonarsource/sonarcloud-github-action", "stefafafan/psi-action",
    "stefanprodan/kube-tools", "suzuki-shunsuke/github-action-format", "suzuki-shunsuke/github-action-tflint",
    "suzuki-shunsuke/github-action-tfsec", "suzuki-shunsuke/required-status-check-action",
    "suzuki-shunsuke/trivy-config-action", "suzuki-shunsuke/validate-pr-review-action", "svenstaro/upx-action",
    "swiftdocorg/github-wiki-publish-action", "tachiyomiorg/issue-moderator-action",
    "technote-space/auto-cancel-redundant-workflow", "technote-space/get-diff-action",
    "tencentcloudbase/cloudbase-action", "trmcnvn/chrome-addon", "verygoodopensource/very_good_coverage",
    "whelk-io/maven-settings-xml-action", "yeslayla/build-godot-action", "youyo/aws-cdk-github-actions",
    "yumemi-inc/clean-cache-action", "z0al/dependent-issues",
)  # fmt: skip
"""Actions whose makers have ended the work on them."""

COMPROMISED: dict[str, str] = {
    "tj-actions/changed-files": "March 2025, CVE-2025-30066",
    "reviewdog/action-setup": "March 2025, CVE-2025-30154",
    "tj-actions/eslint-changed-files": "March 2025, with tj-actions/changed-files",
    "reviewdog/action-shellcheck": "March 2025, with reviewdog/action-setup",
    "reviewdog/action-composite-template": "March 2025, with reviewdog/action-setup",
    "reviewdog/action-staticcheck": "March 2025, with reviewdog/action-setup",
    "reviewdog/action-ast-grep": "March 2025, with reviewdog/action-setup",
    "reviewdog/action-typos": "March 2025, with reviewdog/action-setup",
}
"""Actions whose tags somebody moved to code that stole secrets, and when."""

WELL_KNOWN_OWNERS = (
    "actions", "github", "aws-actions", "docker", "azure", "google-github-actions", "hashicorp",
    "pypa", "softprops", "codecov", "gradle", "golangci", "goreleaser", "sigstore", "peter-evans",
    "dtolnay", "swatinem", "astral-sh", "aquasecurity", "sonarsource", "slackapi", "anthropics",
)  # fmt: skip
"""Owners that others pretend to be."""
