BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Runbooks = Join-Path $Repository 'examples' 'runbooks'
    $Model = Get-TestModel
    $Port = Get-FreePort
    $Config = Join-Path $Sandbox 'gate.yaml'
    $Reports = Join-Path $Sandbox 'reports'

    $Key = Join-Path $Sandbox 'key'
    Set-Content $Key 'secret-of-the-test'
    chmod 644 $Key
    New-LlmServerConfig -Model $Model -Name gate -Port $Port -ContextLength 1024 -Parallel 1 -ApiKeyFile $Key | Export-LlmServerConfig -Path $Config

    # A Pester inside a Pester shares its state; the runbook gets a session of its own, as it does in earnest.
    function Invoke-Runbook([string[]] $Arguments) {
        $calls = $Arguments | ForEach-Object { "& '$Runbooks/Deploy-LlmServer.ps1' '$Config' -ReportFolder '$Reports' $_ | Select-Object Name, Endpoint | ConvertTo-Json -Compress" }
        Invoke-OtherSession "try { $($calls -join ';') } catch { `"REFUSED `$_`" }"
    }
}

AfterAll { Exit-Sandbox }

Describe 'Deploy-LlmServer.ps1' {
    It 'starts nothing where checks fail, and says which' {
        Assert-Engine
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, $Port)
        $listener.Start()
        try {
            $said = Invoke-Runbook ''
        } finally {
            $listener.Stop()
        }

        $said | Should -Match 'REFUSED gate is not deployed: network\.port\S*, security\.key-file; see'
        Get-LlmServer gate -ErrorAction Ignore | Should -BeNullOrEmpty
        $junit = [xml](Get-Content (Join-Path $Reports 'environment.xml') -Raw)
        [int]$junit.testsuites.failures | Should -Be 2
        Join-Path $Reports 'environment.md' | Should -FileContentMatch '## Will not work'
    }

    It 'mends what is safe when asked, and starts a server whose environment is sound' {
        Assert-Engine
        $said = Invoke-Runbook '-Fix'
        $said | Should -Match '"Name":"gate"'
        (Get-LlmServer gate).State | Should -Be 'Ready'
        [int][System.IO.File]::GetUnixFileMode($Key) | Should -Be 0x180 -Because 'it is 600 now'
        $junit = [xml](Get-Content (Join-Path $Reports 'environment.xml') -Raw)
        [int]$junit.testsuites.failures | Should -Be 0
        [int]$junit.testsuites.tests | Should -BeGreaterThan 20
        Join-Path $Reports 'environment.md' | Should -FileContentMatch '# Environment of gate'
    }

    It 'replaces a server of the same name, and only when it is not asked what if' {
        Assert-Engine
        $first = Get-LlmServer gate
        $said = Invoke-Runbook '-WhatIf', ''
        $said | Should -Match 'What if: .*Deploy'
        $said | Should -Match '"Name":"gate"'
        (Get-LlmServer gate).Pid | Should -Not -Be $first.Pid
    }
}
