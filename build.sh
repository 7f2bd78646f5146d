#!/usr/bin/env bash
# Builds, tests and shows LlmOps. Needs only the .NET 10 SDK; everything it makes is under artifacts/ and out/.
#
#   ./build.sh demo       from a bare machine to a measured server, on a small model
#   ./build.sh test       all tests; what could not run here is listed at the end with the reason
#   ./build.sh build      the module in out/LlmOps and the command in out/bin
#   ./build.sh package    the module as out/packages/LlmOps.<version>.nupkg, installed from it and tested
#   ./build.sh clean
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
export POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off

say() { printf '%s\n' "$*"; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 2; }

require_dotnet() {
    command -v dotnet >/dev/null 2>&1 || fail "dotnet is not on PATH; install the .NET 10 SDK (https://dotnet.microsoft.com/download)"
    case "$(dotnet --version 2>/dev/null)" in
        10.*) ;;
        *) fail "the .NET 10 SDK is needed, 'dotnet --version' says: $(dotnet --version 2>&1 | head -n 1)" ;;
    esac
}

# Which processor the native parts of a build are for; null where ahead-of-time compilation is not set up.
runtime_id() {
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) echo linux-x64 ;;
        Linux-aarch64) echo linux-arm64 ;;
        Darwin-arm64) echo osx-arm64 ;;
        Darwin-x86_64) echo osx-x64 ;;
        *) fail "no build for $(uname -s) on $(uname -m)" ;;
    esac
}

# The analysis of sources is the business of the build that is tested.
publish() { # PROJECT FOLDER READY_TO_RUN
    dotnet publish "$1" -c Release -r "$(runtime_id)" --self-contained false -p:PublishReadyToRun="$3" -p:RunAnalyzers=false -o "$2" -v quiet --nologo -nodeReuse:false
}

# Compiled ahead of time the command starts twice as fast; where the compiler's package cannot be had, it is compiled as it runs.
publish_fast() { # PROJECT FOLDER
    local log
    log=$(mktemp)
    if publish "$1" "$2" true >"$log" 2>&1; then
        rm -f "$log"
        return
    fi
    if grep -q -i 'crossgen' "$log"; then
        say "note: the ahead-of-time compiler's package is not available; $(basename "$1") will start more slowly"
        rm -f "$log"
        publish "$1" "$2" false
        return
    fi
    cat "$log" >&2
    rm -f "$log"
    return 1
}

build() {
    require_dotnet
    local started=$SECONDS staging=out/.staging
    rm -rf "$staging"
    mkdir -p "$staging/LlmOps/bin" "$staging/bin"
    publish_fast src/LlmOps.Cli "$staging/bin"
    publish_fast src/LlmOps.PowerShell "$staging/LlmOps/bin"
    publish src/LlmOps.Loader "$staging/loader" false
    cp "$staging"/loader/LlmOps.Loader.{dll,pdb} "$staging/LlmOps/bin/"
    # Servers that the module starts are kept by the command's supervisor, which therefore lies beside it.
    cp -R "$staging/bin/." "$staging/LlmOps/bin/"
    cp -R module/LlmOps/. "artifacts/bin/LlmOps.PowerShell/release_$(runtime_id)/en-US" "$staging/LlmOps/"
    # Our own symbols stay, so that an error's details name files and lines; the packages' are theirs to give.
    find "$staging" \( \( -name '*.pdb' ! -name 'LlmOps.*.pdb' ! -name 'llmops.pdb' \) -o -path '*/bin/*.xml' -o -name 'System.Management.Automation.*' \) -delete
    cp LICENSE THIRD-PARTY-NOTICES.txt README.md CHANGELOG.md "$staging/LlmOps/"
    # Renamed, not overwritten: a supervisor that is running keeps the files it has open.
    rm -rf out/LlmOps out/bin
    mv "$staging/LlmOps" out/LlmOps
    mv "$staging/bin" out/bin
    rm -rf "$staging"
    say "built in $((SECONDS - started)) s: out/LlmOps (module), out/bin/llmops (command)"
}

# Prints how to start PowerShell 7.6 or later, or nothing.
find_pwsh() {
    local candidate
    candidate=$(command -v pwsh || true)
    # shellcheck disable=SC2016 # PowerShell expands it.
    if [ -n "$candidate" ] && "$candidate" -NoProfile -NonInteractive -Command 'exit [int]($PSVersionTable.PSVersion -lt [version]"7.6")' >/dev/null 2>&1; then
        echo "$candidate"
        return
    fi
    if dotnet tool restore >/dev/null 2>&1 && dotnet tool run pwsh -- -NoProfile -NonInteractive -Command 'exit 0' >/dev/null 2>&1; then
        echo "dotnet tool run pwsh --"
    fi
}

# What a script starts in the background ignores SIGINT, and so would the programs that tests interrupt.
with_signals=()
if env --default-signal=INT true 2>/dev/null; then with_signals=(env --default-signal=INT); fi

not_run=()
failed=()
passed_total=0
failed_total=0
skipped_total=0

count() { # PASSED FAILED SKIPPED
    passed_total=$((passed_total + $1))
    failed_total=$((failed_total + $2))
    skipped_total=$((skipped_total + $3))
}

run_xunit() { # PROJECT
    local name log summary total bad skipped
    name=$(basename "$1")
    log=out/test-results/$name.log
    say "== $name"
    set +e
    ${with_signals[@]+"${with_signals[@]}"} dotnet "artifacts/bin/$name/debug/$name.dll" -noLogo -noColor >"$log" 2>&1
    set -e
    summary=$(grep -E "Total: [0-9]+" "$log" | tail -n 1)
    total=$(sed -nE 's/.*Total: ([0-9]+).*/\1/p' <<<"$summary")
    bad=$(($(sed -nE 's/.*Errors: ([0-9]+).*/\1/p' <<<"$summary") + $(sed -nE 's/.*Failed: ([0-9]+).*/\1/p' <<<"$summary")))
    skipped=$(sed -nE 's/.*Skipped: ([0-9]+).*/\1/p' <<<"$summary")
    if [ -z "$total" ]; then
        tail -n 40 "$log"
        failed+=("$name did not finish")
        count 0 1 0
        return
    fi
    say "   ${summary#"${summary%%[![:space:]]*}"}"
    count $((total - bad - skipped)) "$bad" "$skipped"
    while IFS= read -r line; do not_run+=("$name: $line"); done < <(grep -A1 -E '\[SKIP\]' "$log" | grep -v -- '^--$' | paste - - | sed -E 's/^ +//; s/[[:space:]]+/ /g')
    if [ "$bad" -gt 0 ]; then
        grep -vE '^\s*$' "$log" | tail -n 80
        failed+=("$name: $bad of $total failed")
    fi
}

run_pester() {
    local pwsh=$1 result
    say "== Pester"
    if ! $pwsh -NoProfile -NonInteractive -Command 'if (-not (Get-Module -ListAvailable Pester | Where-Object Version -ge 5.5)) { exit 1 }' >/dev/null 2>&1; then
        say "   Pester 5 is not on the module path; trying to install it for this run"
        mkdir -p out/test-modules
        if ! $pwsh -NoProfile -NonInteractive -Command 'Save-PSResource Pester -Version "[5.7,6.0)" -Path out/test-modules -TrustRepository -ErrorAction Stop' >/dev/null 2>&1; then
            not_run+=("Pester suite: Pester 5 is neither on the module path nor could it be downloaded")
            return
        fi
    fi
    set +e
    NO_COLOR=1 $pwsh -NoProfile -NonInteractive -File tests/Pester/Invoke-Suite.ps1 2>&1 | tee out/test-results/Pester.log | sed 's/^/   /'
    result=${PIPESTATUS[0]}
    set -e
    local line
    line=$(grep -E '^PESTER passed=' out/test-results/Pester.log | tail -n 1)
    if [ -z "$line" ]; then
        failed+=("the Pester suite did not finish (exit code $result)")
        count 0 1 0
        return
    fi
    eval "$(sed -E 's/^PESTER passed=([0-9]+) failed=([0-9]+) skipped=([0-9]+).*/local p=\1 f=\2 s=\3/' <<<"$line")"
    count "$p" "$f" "$s"
    while IFS= read -r skip; do not_run+=("Pester: ${skip#SKIPPED }"); done < <(grep -E '^SKIPPED ' out/test-results/Pester.log || true)
    [ "$f" -eq 0 ] || failed+=("Pester: $f failed")
}

test_all() {
    build
    local started=$SECONDS
    mkdir -p out/test-results
    dotnet build LlmOps.sln -c Debug -v quiet --nologo -nodeReuse:false

    # Tests never see the user's servers, and what they start is found again.
    local state
    state=$(mktemp -d "${TMPDIR:-/tmp}/llmops-tests.XXXXXX")
    trap 'rm -rf "$state"' RETURN
    export XDG_STATE_HOME=$state LLMOPS_TEST_OUT=$PWD/out
    local engine
    if engine=$(out/bin/llmops engine --obtain --path-only 2>out/test-results/obtain.log); then
        export LLMOPS_TEST_ENGINE=$engine LLMOPS_TEST_MODEL=$PWD/out/tiny.gguf
        out/bin/llmops sample-model "$LLMOPS_TEST_MODEL" >/dev/null
        say "tests use the real llama-server at $engine"
    else
        not_run+=("everything that starts a real llama-server: $(tail -n 1 out/test-results/obtain.log)")
    fi

    run_xunit tests/LlmOps.Core.Tests
    run_xunit tests/LlmOps.Cli.Tests
    run_xunit tests/LlmOps.Integration.Tests
    local pwsh
    pwsh=$(find_pwsh)
    if [ -n "$pwsh" ]; then
        run_pester "$pwsh"
    else
        not_run+=("Pester suite: PowerShell 7.6 is not on PATH and 'dotnet tool restore' could not install it")
    fi

    say ""
    if [ ${#not_run[@]} -gt 0 ]; then
        say "Not run on this machine:"
        printf '  - %s\n' "${not_run[@]}" | sort -u
    else
        say "Everything ran on this machine."
    fi
    if [ ${#failed[@]} -gt 0 ]; then
        say "Failed:"
        printf '  - %s\n' "${failed[@]}"
    fi
    say "took $((SECONDS - started)) s after the build"
    say "$passed_total passed, $failed_total failed, $skipped_total skipped"
    [ "$failed_total" -eq 0 ] && [ ${#failed[@]} -eq 0 ]
}

package() {
    build
    local pwsh
    pwsh=$(find_pwsh)
    [ -n "$pwsh" ] || fail "packaging needs PowerShell 7.6, which is not on PATH and 'dotnet tool restore' could not install"
    $pwsh -NoProfile -NonInteractive -File build.ps1 -Task Package -NoBuild
}

case "${1:-build}" in
    build) build ;;
    demo) build; shift; exec out/bin/llmops demo --output out/demo --keep-model out/tiny.gguf "$@" ;;
    test) test_all ;;
    package) package ;;
    clean) rm -rf artifacts out ;;
    *) fail "unknown task '$1'; tasks are build, demo, test, package, clean" ;;
esac
