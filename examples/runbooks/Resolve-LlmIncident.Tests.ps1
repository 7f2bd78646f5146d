BeforeAll {
    . $PSScriptRoot/../../tests/Pester/common.ps1
    Enter-Sandbox
}

AfterAll { Exit-Sandbox }

Describe 'Resolve-LlmIncident.ps1' {
    It 'says why a server failed, and leaves all that others need' {
        Assert-Engine
        $engine = New-FakeEngine 'full' 'echo "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 8192.00 MiB on device 0: cudaMalloc failed: out of memory" >&2; exit 1'
        $config = New-LlmServerConfig -Model (Get-TestModel) -Name failing -Port (Get-FreePort) -EnginePath $engine -ContextLength 1024
        { $config | Start-LlmServer -ErrorAction Stop } | Should -Throw

        $incident = & $PSScriptRoot/Resolve-LlmIncident.ps1 failing -Folder (Join-Path $Sandbox incident)
        "$($incident.State)" | Should -Be 'Failed'
        $incident.Faults.Id | Should -Contain 'llamacpp.gpu-memory'
        $incident.Remedy | Should -Not -BeNullOrEmpty
        (Get-ChildItem $incident.Folder).Name | Should -Be @('config.yaml', 'environment.md', 'incident.md', 'server.json', 'server.log')
        Join-Path $incident.Folder incident.md | Should -FileContentMatch 'Likely cause: .*memory'
        Join-Path $incident.Folder server.log | Should -FileContentMatch 'cudaMalloc failed'
    }

    It 'finds nothing wrong with a server that is well' {
        Assert-Engine
        $null = New-LlmServerConfig -Model (Get-TestModel) -Name well -Port (Get-FreePort) -ContextLength 1024 -Parallel 1 | Start-LlmServer
        $incident = & $PSScriptRoot/Resolve-LlmIncident.ps1 well -Folder (Join-Path $Sandbox well)
        $incident.Faults | Should -BeNullOrEmpty
        Join-Path $incident.Folder metrics.json | Should -FileContentMatch 'well|requests'
    }
}
