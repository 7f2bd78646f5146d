BeforeAll {
    . $PSScriptRoot/../../tests/Pester/common.ps1
    Enter-Sandbox
    $Machines = Join-Path $Repository examples machines *.json
    $Qwq = New-HeaderOnlyModel 'Qwen_QwQ-32B-IQ4_XS'
    $Large = New-HeaderOnlyModel 'Qwen3.5-122B-A10B-UD-Q2_K_XL'
}

AfterAll { Exit-Sandbox }

Describe 'Get-LlmCapacityPlan.ps1' {
    It 'has each model on each machine, those that fit first' {
        $rows = & $PSScriptRoot/Get-LlmCapacityPlan.ps1 -Topology $Machines -Model $Qwq, $Large
        $rows.Count | Should -Be 6
        $qwq = $rows | Where-Object Model -EQ 'Qwen_QwQ-32B-IQ4_XS'
        $qwq.Fits | Should -Be $true, $true, $true
        $qwq[0].DecodeTokensPerSecond | Should -BeGreaterOrEqual $qwq[2].DecodeTokensPerSecond
        ($rows | Where-Object { $_.Machine -eq 'five-cards-dual-xeon' -and $_.Model -like 'Qwen3.5-122B*' }).Gpus | Should -Be 2
    }

    It 'says of a machine that is too small what is missing, and of a file that is no machine that it is none' {
        $machine = Get-Content -Raw (Join-Path $Repository examples machines one-3090.json) | ConvertFrom-Json
        $machine.host.memory.totalBytes = $machine.host.memory.availableBytes = 4GB
        $machine.gpus[0].memoryTotalBytes = $machine.gpus[0].memoryFreeBytes = 2GB
        $machine | ConvertTo-Json -Depth 20 | Set-Content (Join-Path $Sandbox 'small.json')
        Set-Content (Join-Path $Sandbox 'broken.json') '{'
        $rows = & $PSScriptRoot/Get-LlmCapacityPlan.ps1 -Topology (Join-Path $Sandbox '*.json') -Model $Qwq
        $rows.Fits | Should -Be $false, $false
        ($rows | Where-Object Machine -EQ small).Problem | Should -Match 'MiB|GiB'
        ($rows | Where-Object Machine -EQ broken).Problem | Should -Match 'broken\.json'
    }
}
