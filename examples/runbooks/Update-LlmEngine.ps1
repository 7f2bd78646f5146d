<#
.SYNOPSIS
    Moves a server to another engine, and back when that one does not start, does not answer, or is slower.
.DESCRIPTION
    1. measures the server with the engine that it has;
    2. starts it with the new one: same name, same options, spelled as that binary wants them;
    3. measures again; where a figure is visibly worse by more than -ToleratePercent, or anything fails, the old configuration is started again and the
       runbook ends with an error that says why.

    The server is away while the engine is exchanged, and serves its clients again in any case.
.EXAMPLE
    ./Update-LlmEngine.ps1 chat ~/llama.cpp/build/bin/llama-server
.OUTPUTS
    The differences, before to after.
#>
#Requires -Version 7.6
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Name,

    # The new engine's binary.
    [Parameter(Mandatory, Position = 1)] [string] $EnginePath,

    # How much slower it may be, in percent.
    [ValidateRange(0, 1000)] [double] $ToleratePercent = 5,

    # Completions that each measurement asks for.
    [ValidateRange(2, 10000)] [int] $Request = 16
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module LlmOps)) {
    Import-Module LlmOps
}

$server = Get-LlmServer $Name
$kept = Import-LlmServerConfig -LiteralPath $server.ConfigPath
$engine = Get-LlmEngine -Engine $kept.Engine -Path $EnginePath
if (-not $PSCmdlet.ShouldProcess($Name, "Change its engine to $($engine.Path) $($engine.Version)")) {
    return
}

# A copy of the configuration in which only the engine is another one. The file has it on a line of its own, or not at all.
$folder = [System.IO.Directory]::CreateTempSubdirectory('llm-engine-').FullName
try {
    $old = Join-Path $folder 'old.yaml'
    $new = Join-Path $folder 'new.yaml'
    $kept | Export-LlmServerConfig $old
    $path = "enginePath: '$($engine.Path -replace "'", "''")'"
    $lines = @(Get-Content -LiteralPath $old | Where-Object { $_ -notmatch '^enginePath:' })
    $lines + $path | Set-Content -LiteralPath $new

    $load = @{ Concurrency = 1; Request = $Request; PromptTokens = 64; OutputTokens = 16; Seed = 1 }
    $before = $server | Measure-LlmThroughput @load
    $null = $server | Stop-LlmServer
    try {
        $after = Start-LlmServer -LiteralPath $new | Measure-LlmThroughput @load
        if ($after.Errors) {
            throw "$($after.Errors) of $($after.Requests) completions failed"
        }

        $differences = @($after | Compare-LlmThroughput $before)
        $worse = @($differences | Where-Object { $_.Verdict -eq 'Worse' -and [Math]::Abs($_.ChangePercent) -gt $ToleratePercent })
        if ($worse) {
            throw $worse.Summary -join '; '
        }

        $differences
    } catch {
        $why = $_
        Get-LlmServer $Name -ErrorAction Ignore | Stop-LlmServer | Out-Null
        $null = Start-LlmServer -LiteralPath $old
        throw "$Name runs with its old engine again, for with $($engine.Path): $why"
    }
} finally {
    Remove-Item -LiteralPath $folder -Recurse
}
