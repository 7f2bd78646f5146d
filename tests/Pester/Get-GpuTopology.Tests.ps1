BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
}

AfterAll { Exit-Sandbox }

Describe 'Get-GpuTopology' {
    It 'gives one topology of this machine, with its processor and memory' {
        $topology = @(Get-GpuTopology)
        $topology.Count | Should -Be 1
        $topology[0].PSTypeNames[0] | Should -Be 'LlmOps.Hardware.GpuTopology'
        $topology[0].Host.Memory.TotalBytes | Should -BeGreaterThan 100MB
        $topology[0].Host.Cpu.LogicalCores | Should -BeGreaterThan 0
    }

    It 'reads a saved topology' {
        $topology = Get-GpuTopology -Path $TwoGpus
        $topology.Host.Name | Should -Be 'old-xeon'
        $topology.Gpus.Name | Should -Be 'NVIDIA GeForce RTX 4080 SUPER', 'NVIDIA GeForce RTX 2080 Ti'
        $topology.Links[0].Kind | Should -Be 'SYS'
    }

    It 'reads every file that a pattern names' {
        Copy-Item $TwoGpus (Join-Path $Sandbox 'a.json')
        Copy-Item $TwoGpus (Join-Path $Sandbox 'b.json')
        (Get-GpuTopology -Path './[ab].json').Count | Should -Be 2
    }

    It 'takes a literal path and files from the pipeline' {
        $odd = Join-Path $Sandbox 'odd [1].json'
        Copy-Item $TwoGpus -Destination $odd
        (Get-GpuTopology -LiteralPath $odd).Gpus.Count | Should -Be 2
        (Get-Item -LiteralPath $odd | Get-GpuTopology).Gpus.Count | Should -Be 2
    }

    It 'keeps GPUs by <Case>' -ForEach @(
        @{ Case = 'name'; Filter = @{ Name = '*2080*' }; Expected = 1 }
        @{ Case = 'index'; Filter = @{ Index = 0 }; Expected = 0 }
        @{ Case = 'memory'; Filter = @{ MinimumMemory = 24GB }; Expected = 0 }
        @{ Case = 'compute capability'; Filter = @{ ComputeCapability = 8.0 }; Expected = 0 }
    ) {
        $topology = Get-GpuTopology -Path $TwoGpus @Filter
        $topology.Gpus.Index | Should -Be $Expected
        $topology.Links.Count | Should -Be 0
    }

    It 'says which GPUs there are when an index does not exist' {
        { Get-GpuTopology -Path $TwoGpus -Index 7 -ErrorAction Stop } |
            Should -Throw -ErrorId 'GpuIndexNotFound,LlmOps.Commands.GetGpuTopologyCommand' -ExpectedMessage '*index 7*0, 1*'
    }

    It 'names a file that is not there, and goes on with the others' {
        $found = Get-GpuTopology -Path nowhere.json, $TwoGpus -ErrorVariable problem -ErrorAction SilentlyContinue
        $found.Host.Name | Should -Be 'old-xeon'
        $problem.Count | Should -Be 1
        $problem[0].FullyQualifiedErrorId | Should -Be 'FileNotFound,LlmOps.Commands.GetGpuTopologyCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nowhere.json'
    }

    It 'refuses a path that is no file path' {
        { Get-GpuTopology -LiteralPath 'Env:PATH' -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFileSystem,*'
    }

    It 'says in one line what is wrong with a file that is not JSON' {
        Set-Content (Join-Path $Sandbox 'broken.json') '{ "gpus": [ '
        { Get-GpuTopology -Path broken.json -ErrorAction Stop } | Should -Throw -ExpectedMessage '*broken.json*'
        $Error[0].Exception.Message | Should -Not -Match "`n"
    }

    It 'shows sizes with units, in every culture alike' {
        $culture = [cultureinfo]::CurrentCulture
        try {
            [cultureinfo]::CurrentCulture = 'fr-FR'
            $text = Get-GpuTopology -Path $TwoGpus | Out-String -Width 200
            $text | Should -Match '0: NVIDIA GeForce RTX 4080 SUPER  32\.0 GiB \(31\.6 GiB free\)  compute 8\.9  PCIe 1 x16 \(up to 3 x16\)'
            (Get-GpuTopology -Path $TwoGpus).Gpus | Out-String -Width 200 | Should -Match 'RTX 2080 Ti\s+22\.0 GiB\s+21\.8 GiB\s+7\.5'
        }
        finally {
            [cultureinfo]::CurrentCulture = $culture
        }
    }

    It 'completes the sources' {
        (Get-Completion 'Get-GpuTopology -Source ').CompletionText | Should -Contain 'NvidiaSmi'
    }
}
