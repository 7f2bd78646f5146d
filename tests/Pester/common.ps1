# What every test file needs; dot-sourced in its BeforeAll.

# An error that no test expects fails the test that meets it.
$script:ErrorActionPreference = 'Stop'
$script:Repository = Split-Path (Split-Path $PSScriptRoot)
$script:ModulePath = $env:LLMOPS_MODULE ?? (Join-Path $Repository 'out' 'LlmOps')
$script:Fixtures = Join-Path $PSScriptRoot 'fixtures'
$script:TwoGpus = Join-Path $Fixtures 'two-gpus.json'
$script:Pwsh = [Environment]::ProcessPath

if (-not (Get-Module LlmOps)) {
    Import-Module $ModulePath -ErrorAction Stop
}

# Servers, engines and capabilities of these tests are kept apart from the user's. Not on TestDrive, which is emptied after each
# Describe and would take the records of running servers with it.
function Enter-Sandbox {
    $script:Sandbox = [System.IO.Directory]::CreateTempSubdirectory('llmops-pester-').FullName
    $script:Before = @{}
    foreach ($name in 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'LLMOPS_LLAMA_SERVER') {
        $script:Before[$name] = [Environment]::GetEnvironmentVariable($name)
    }

    $env:XDG_STATE_HOME = Join-Path $Sandbox 'state'
    $env:XDG_CACHE_HOME = Join-Path $Sandbox 'cache'
    $env:LLMOPS_LLAMA_SERVER = $env:LLMOPS_TEST_ENGINE
    Set-Location $Sandbox
}

# Whatever a failed test left behind must not outlive it.
function Exit-Sandbox {
    Get-LlmServer | Stop-LlmServer -GraceSec 1 | Out-Null
    Set-Location $Repository
    foreach ($name in $Before.Keys) {
        [Environment]::SetEnvironmentVariable($name, $Before[$name])
    }

    Remove-Item -LiteralPath $Sandbox -Recurse -Force
}

# Ends the test as skipped where there is no real llama-server.
function Assert-Engine {
    if (-not $env:LLMOPS_TEST_ENGINE) {
        Set-ItResult -Skipped -Because 'LLMOPS_TEST_ENGINE names no llama-server'
    }
}

# A small model with random weights, written by the library itself where no other is named.
function Get-TestModel {
    if ($env:LLMOPS_TEST_MODEL) {
        return $env:LLMOPS_TEST_MODEL
    }

    $path = Join-Path $Sandbox 'tiny.gguf'
    if (-not (Test-Path $path)) {
        $core = ([LlmOps.Binding.Revival]::Types[0]).Assembly
        $core.GetType('LlmOps.Models.TinyModelWriter')::Write($path, $core.GetType('LlmOps.Models.TinyModelOptions')::new())
    }

    $path
}

# A file with a model's true header and a hole where the weights would be; the header's name carries the whole length.
function New-HeaderOnlyModel([string] $Name) {
    $header = Get-Item (Join-Path $Fixtures "$Name.*.header")
    $path = Join-Path $Sandbox "$Name.gguf"
    Copy-Item -LiteralPath $header -Destination $path
    $file = [System.IO.File]::OpenWrite($path)
    $file.SetLength([long] ($header.Name -split '\.')[-2])
    $file.Dispose()
    $path
}

# Below the ports that systems hand out: what the system gives to one it may give to the next before the server listens.
$script:GivenPorts = [System.Collections.Generic.HashSet[int]]::new()
function Get-FreePort {
    for ($attempt = 0; $attempt -lt 1000; $attempt++) {
        $port = Get-Random -Minimum 20000 -Maximum 32000
        if (-not $script:GivenPorts.Add($port)) { continue }
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Any, $port)
        try {
            $listener.Start()
            return $port
        }
        catch [System.Net.Sockets.SocketException] {
            continue
        }
        finally {
            $listener.Stop()
        }
    }

    throw 'no port from 20000 to 31999 is free'
}

# An engine that answers questions about itself as the real one does, and then does what the script says instead of serving.
function New-FakeEngine([string] $Name, [string] $Script) {
    $path = Join-Path $Sandbox "$Name-llama-server"
    Set-Content -LiteralPath $path -Value @"
#!/bin/sh
case "`$*" in *--version*|*--help*|*--list-devices*) exec '$env:LLMOPS_TEST_ENGINE' "`$@" ;; esac
$Script
"@
    chmod +x $path
    $path
}

# Runs a script in a PowerShell of its own, with the module imported, and gives its output as text.
function Invoke-OtherSession([string] $Script) {
    $prelude = "`$ErrorActionPreference = 'Stop'; `$PSStyle.OutputRendering = 'PlainText'; Import-Module '$ModulePath';"
    & $Pwsh -NoProfile -NonInteractive -Command "$prelude $Script" 2>&1 | Out-String -Width 200
}

# What Tab would offer at the end of a command line.
function Get-Completion([string] $Line) {
    [System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null).CompletionMatches
}

# An object as it arrives from a job or a remote session.
function Copy-ThroughSerialisation($InputObject) {
    [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($InputObject, 2))
}
