<#
.SYNOPSIS
    One test a check: what Test-LlmEnvironment finds, as Pester sees it.
.DESCRIPTION
    Run it by itself, or let Deploy-LlmServer.ps1 gate a deployment with it:

        Invoke-Pester -Container (New-PesterContainer ./Environment.Tests.ps1 -Data @{ Config = './server.yaml' })

    Without a configuration the machine alone is looked at. Skipped checks are skipped tests; warnings pass unless -Strict says otherwise.
#>
#Requires -Version 7.6
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'They are used by Describe.')]
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'They are used in the blocks of Pester.')]
param(
    # The configuration that is to be started; none for the machine alone.
    [string] $Config,

    # Checks to leave out, by id, with wildcards.
    [string[]] $Exclude = @(),

    # A warning fails too.
    [switch] $Strict
)

BeforeDiscovery {
    if (-not (Get-Module LlmOps)) {
        Import-Module LlmOps -ErrorAction Stop
    }

    $found = if ($Config) {
        Import-LlmServerConfig $Config -ErrorAction Stop | Test-LlmEnvironment -Exclude $Exclude -ErrorAction Stop
    } else {
        Test-LlmEnvironment -Exclude $Exclude -ErrorAction Stop
    }

    $categories = $found | Group-Object Category | ForEach-Object { @{ Category = $_.Name; Findings = @($_.Group) } }
}

Describe '<Category>' -ForEach $categories {
    It '<_.Id>' -ForEach $Findings {
        if ($_.Status -eq 'Skip') {
            Set-ItResult -Skipped -Because $_.Message
        }

        $bad = $Strict ? @('Fail', 'Warn') : @('Fail')
        $because = @($_.Message, ($_.Evidence ? "seen: $($_.Evidence)" : ''), ($_.Why ? "why: $($_.Why)" : ''), ($_.Remedy ? "do: $($_.Remedy)" : '')) -ne '' -join '; '
        "$($_.Status)" | Should -Not -BeIn $bad -Because $because
    }
}
