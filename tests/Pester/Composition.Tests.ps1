# What one cmdlet gives, another takes: live, from a job, from a file, in parallel, by value and by name.
BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
    Copy-Item $TwoGpus ./topology.json
    $Log = 'error while loading shared libraries: libggml-base.so.0: cannot open shared object file: No such file or directory'

    # One object of each kind that cmdlets hand on. Those of a running server come last.
    $Objects = [ordered]@{
        GpuTopology = Get-GpuTopology -Path ./topology.json
        GpuDevice = (Get-GpuTopology -Path ./topology.json).Gpus[0]
        ModelDescription = Get-LlmModel $Model
        ServerConfig = New-LlmServerConfig $Model -Topology ./topology.json -Name kept
        CheckResult = @(Test-LlmEnvironment -Id gpu.present -Topology ./topology.json)[0]
        FaultFinding = $Log | Resolve-LlmServerFault
        ChatTemplateText = Get-LlmChatTemplate $Model
        TemplateVariant = New-LlmChatTemplate $Model -AllowRole developer -WarningAction SilentlyContinue
        ChatTemplateFinding = @(Test-LlmChatTemplate -Path $Model)[0]
    }
    if ($env:LLMOPS_TEST_ENGINE) {
        $Objects.EngineCapabilities = @(Get-LlmEngine)[0]
        $Objects.LlmServer = New-LlmServerConfig $Model -Name chat -Port (Get-FreePort) -ContextLength 1024 -Parallel 2 | Start-LlmServer
        $Measured = Measure-LlmThroughput chat -Request 4 -PromptTokens 16 -OutputTokens 8 -Warmup 0 -WarningAction SilentlyContinue
        $Objects.ThroughputResult = $Measured
        $Objects.ServerMetric = Get-LlmServerMetric chat -IntervalSec 0.1
        $Objects.ThroughputDifference = @(Compare-LlmThroughput $Measured $Measured)[0]
    }
}

AfterAll { Exit-Sandbox }

Describe 'An object of each kind' {
    It '<_> comes back whole from a job or Export-Clixml' -ForEach 'GpuTopology', 'GpuDevice', 'ModelDescription', 'ServerConfig', 'CheckResult', 'FaultFinding', 'ChatTemplateText',
        'TemplateVariant', 'ChatTemplateFinding', 'EngineCapabilities', 'LlmServer', 'ThroughputResult', 'ServerMetric', 'ThroughputDifference' {
        if (-not $Objects.Contains($_)) { Assert-Engine }
        $object = $Objects[$_]
        $copy = Copy-ThroughSerialisation $object
        $copy.GetType().FullName | Should -Be $object.GetType().FullName
        $before, $after = $object, $copy | ForEach-Object { (ConvertTo-Json ([psobject]$_) -Depth 12) -replace '"UptimeSeconds": [\d.]+' }
        $after | Should -Be $before -Because 'nothing may be lost'
        $object | Export-Clixml "./$_.xml"
        (Import-Clixml "./$_.xml").GetType().FullName | Should -Be $object.GetType().FullName
    }

    It '<_> is JSON that can be read: enumerations and addresses as words, and no inner text' -ForEach 'GpuTopology', 'ServerConfig', 'LlmServer', 'ThroughputResult', 'CheckResult', 'ModelDescription' {
        if (-not $Objects.Contains($_)) { Assert-Engine }
        $json = $Objects[$_] | ConvertTo-Json -Depth 12 -EnumsAsStrings -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
        $json | Should -Not -Match 'LlmOpsObject|OriginalString|TotalMilliseconds'
        ($json | ConvertFrom-Json).PSObject.Properties.Name | Should -Not -BeNullOrEmpty
    }
}

Describe 'Members that are added' {
    It 'say what scripts would compute' {
        $gpu = $Objects.GpuDevice
        $gpu.MemoryUsedBytes | Should -Be ($gpu.MemoryTotalBytes - $gpu.MemoryFreeBytes)
        $Objects.ServerConfig.Fits | Should -BeTrue
        $Objects.ServerConfig.ApiBase | Should -Be "http://127.0.0.1:$($Objects.ServerConfig.Endpoint.Port)/v1"
        $Objects.ModelDescription.Length | Should -Be $Objects.ModelDescription.SizeBytes
        $Objects.ModelDescription.BitsPerWeight | Should -BeGreaterThan 1
        $Objects.ModelDescription.BitsPerWeight | Should -BeLessThan 64
    }

    It 'of servers and measurements lead on to other commands' {
        Assert-Engine
        $server = Get-LlmServer chat
        (Invoke-RestMethod "$($server.ApiBase)/models").data.Count | Should -Be 1
        $server.UptimeSeconds | Should -BeGreaterThan 0
        $Measured.TtftP50Seconds | Should -Be $Measured.TtftSeconds.P50
        $table = $Measured | Select-Object Figures | ConvertTo-Csv
        $table[0] | Should -Match '"OutputTokensPerSecond"'
        $table[0] | Should -Not -Match 'Samples'
    }
}

Describe 'Pipelines' {
    It 'plan for a <Kind> that is <How>' -ForEach @(
        foreach ($kind in 'GpuTopology', 'GpuDevice', 'ModelDescription') {
            @{ Kind = $kind; How = 'live'; Copy = { $_ } }
            @{ Kind = $kind; How = 'from elsewhere'; Copy = { Copy-ThroughSerialisation $_ } }
        }
    ) {
        $given = $Objects[$Kind] | ForEach-Object $Copy
        $arguments = $Kind -eq 'ModelDescription' ? @{ Topology = './topology.json' } : @{ Model = $Model }
        ($given | New-LlmServerConfig @arguments).Plan.Host.TotalBytes | Should -Be 137438953472
    }

    It 'go by property name, as from a table' {
        [pscustomobject]@{ Path = $Model } | New-LlmServerConfig -Topology ./topology.json | ForEach-Object Model | Should -Be $Model
        [pscustomobject]@{ LiteralPath = $Model } | Get-LlmModel | ForEach-Object Path | Should -Be $Model
        [pscustomobject]@{ Path = $Model } | Get-LlmChatTemplate | ForEach-Object Name | Should -Be 'default'
        [pscustomobject]@{ LiteralPath = './topology.json' } | Get-GpuTopology | ForEach-Object { $_.Gpus.Count } | Should -Be 2
    }

    It 'check what is planned, live and from elsewhere' {
        $Objects.ServerConfig | Test-LlmServerConfig | ForEach-Object Id | Should -Contain 'model.fits'
        Copy-ThroughSerialisation $Objects.ServerConfig | Test-LlmServerConfig | ForEach-Object Id | Should -Contain 'model.fits'
        $Objects.GpuTopology | Test-LlmEnvironment -Id gpu.present | ForEach-Object Status | Should -Be 'Pass'
    }

    It 'test templates, live and from elsewhere' {
        $Objects.TemplateVariant | Test-LlmChatTemplate -Role developer | ForEach-Object Status | Should -Be 'Accepted'
        Copy-ThroughSerialisation $Objects.TemplateVariant | Test-LlmChatTemplate -Role developer | ForEach-Object Status | Should -Be 'Accepted'
    }

    It 'take a server <How> wherever a server is taken' -ForEach @(
        @{ How = 'live'; Copy = { Get-LlmServer chat } }
        @{ How = 'from elsewhere'; Copy = { Copy-ThroughSerialisation (Get-LlmServer chat) } }
        @{ How = 'by name in a table'; Copy = { [pscustomobject]@{ Name = 'chat' } } }
        @{ How = 'as text'; Copy = { 'chat' } }
    ) {
        Assert-Engine
        $given = & $Copy
        ($given | Get-LlmServer).Name | Should -Be 'chat'
        ($given | Wait-LlmServer).State | Should -Be 'Ready'
        @($given | Get-LlmServerLog -Tail 2).Count | Should -Be 2
        ($given | Get-LlmServerMetric -IntervalSec 0.05).ServerName | Should -Be 'chat'
        ($given | Measure-LlmThroughput -Request 2 -PromptTokens 16 -OutputTokens 4 -Warmup 0 -WarningAction SilentlyContinue).ServerName | Should -Be 'chat'
        $given | Stop-LlmServer -WhatIf
        $given | Restart-LlmServer -WhatIf
        $given | Remove-LlmServer -Force -WhatIf
        (Get-LlmServer chat).State | Should -Be 'Ready'
    }

    It 'compare and report measurements from files, live ones and those from elsewhere' {
        Assert-Engine
        $Measured | Export-LlmReport ./saved.json
        @(Compare-LlmThroughput ./saved.json $Measured).Count | Should -BeGreaterThan 2
        @(Compare-LlmThroughput ./saved.json ./saved.json).Count | Should -BeGreaterThan 2
        @(Copy-ThroughSerialisation $Measured | Compare-LlmThroughput ./saved.json).Count | Should -BeGreaterThan 2
        Export-LlmReport -InputObject ./saved.json | Should -Match 'chat'
    }
}

Describe 'Many at a time' {
    It 'ForEach-Object -Parallel plans the same everywhere' {
        $expected = ($Objects.ServerConfig | Export-LlmServerConfig) -replace '(?m)^.*(created|planned).*$'
        $texts = 1..6 | ForEach-Object -ThrottleLimit 3 -Parallel {
            Import-Module $using:ModulePath
            New-LlmServerConfig $using:Model -Topology (Join-Path $using:Sandbox 'topology.json') -Name kept | Export-LlmServerConfig
        }
        $texts.Count | Should -Be 6
        $texts -replace '(?m)^.*(created|planned).*$' | Sort-Object -Unique | Should -Be $expected
    }

    It 'live objects go into parallel runspaces and jobs' {
        $topology = $Objects.GpuTopology
        1..2 | ForEach-Object -Parallel { Import-Module $using:ModulePath; ($using:topology | New-LlmServerConfig $using:Model).Plan.Host.TotalBytes } | Should -Be 137438953472, 137438953472
        $thread = Start-ThreadJob { Import-Module $using:ModulePath; ($using:topology | New-LlmServerConfig $using:Model).Plan.Host.TotalBytes }
        $thread | Receive-Job -Wait -AutoRemoveJob | Should -Be 137438953472
    }
}

Describe 'Ctrl+C' {
    It 'stops <Case> at once, and the server stays' -ForEach @(
        @{ Case = 'following a log'; Script = 'Get-LlmServerLog chat -Follow' }
        @{ Case = 'watching figures'; Script = 'Get-LlmServerMetric chat -Watch -IntervalSec 0.1' }
        @{ Case = 'a measurement'; Script = 'Measure-LlmThroughput chat -Request 100000 -OutputTokens 16 -PromptTokens 16' }
        @{ Case = 'waiting'; Script = 'Wait-LlmServer chat -State Stopped' }
    ) {
        Assert-Engine
        $shell = [powershell]::Create().AddScript("Import-Module '$ModulePath'; 'begun'; $Script")
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $pending = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        $deadline = [datetime]::UtcNow.AddSeconds(30)
        while ($output.Count -eq 0 -and [datetime]::UtcNow -lt $deadline) { [System.Threading.Thread]::Sleep(10) }
        $output.Count | Should -BeGreaterThan 0
        $shell.Stop()
        $pending.IsCompleted | Should -BeTrue
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        $shell.Dispose()
        (Get-LlmServer chat).State | Should -Be 'Ready'
    }
}

Describe 'Common parameters' {
    It '-Verbose of <Case> tells the story' -ForEach @(
        @{ Case = 'a plan'; Run = { New-LlmServerConfig $Model -Topology ./topology.json -Verbose }; Expected = 'layers, trained for*', 'Planning for old-xeon with 2 GPUs*', 'Planned *values*' }
        @{ Case = 'reading a model'; Run = { Get-LlmModel $Model -Verbose }; Expected = , '*headers of 1 files*no weights*' }
        @{ Case = 'checks'; Run = { Test-LlmEnvironment -Id gpu.present -Topology ./topology.json -Verbose }; Expected = , 'Checks: 1 Pass*' }
        @{ Case = 'a diagnosis'; Run = { $Log | Resolve-LlmServerFault -Verbose }; Expected = , 'Found 1 known lines*' }
    ) {
        $lines = @(& $Run 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | ForEach-Object Message)
        foreach ($pattern in $Expected) {
            @($lines -like "*$pattern").Count | Should -BeGreaterThan 0 -Because "it wrote: $($lines -join ' / ')"
        }
    }

    It '-ErrorAction decides, and every item has its turn' {
        $models = Get-LlmModel ./none.gguf, $Model -ErrorAction SilentlyContinue -ErrorVariable problems
        @($models).Count | Should -Be 1
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'FileNotFound,LlmOps.Commands.GetLlmModelCommand'
        { Get-LlmModel ./none.gguf, $Model -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,*'
    }

    It '-LiteralPath takes brackets as they are: <Command>' -ForEach @(
        @{ Command = 'Get-LlmModel'; Source = { $Model } }
        @{ Command = 'Get-GpuTopology'; Source = { './topology.json' } }
        @{ Command = 'Import-LlmServerConfig'; Source = { $Objects.ServerConfig | Export-LlmServerConfig ./kept.yaml; './kept.yaml' } }
    ) {
        $file = "./odd [1]$([System.IO.Path]::GetExtension((& $Source)))"
        Copy-Item (& $Source) $file -Force
        & $Command -LiteralPath $file | Should -Not -BeNullOrEmpty
        { & $Command -Path $file -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,*'
        Get-Item -LiteralPath $file | & $Command | Should -Not -BeNullOrEmpty
    }
}

Describe 'Views' {
    It '<Kind> has a wide view' -ForEach @(
        @{ Kind = 'GpuDevice'; Expected = '\d: NVIDIA' }
        @{ Kind = 'ModelDescription'; Expected = 'tiny' }
        @{ Kind = 'ServerConfig'; Expected = 'kept \(llama\.cpp\)' }
        @{ Kind = 'CheckResult'; Expected = 'Pass gpu\.present' }
    ) {
        $Objects[$Kind] | Format-Wide | Out-String -Width 120 | Should -Match $Expected
    }

    It 'checks can be shown by category, and each as a list' {
        $text = Test-LlmEnvironment -Topology ./topology.json | Sort-Object Category | Format-Table -View ByCategory | Out-String -Width 160
        [regex]::Matches($text, '(?m)^\s*Category: \w+').Count | Should -BeGreaterThan 2
        $Objects.CheckResult | Format-List | Out-String -Width 160 | Should -Match 'Category\s+: Gpu'
    }

    It 'every view names types that exist' {
        $format = [xml](Get-Content (Join-Path $ModulePath 'LlmOps.Format.ps1xml') -Raw)
        $assembly = $Objects.GpuTopology.GetType().Assembly
        foreach ($name in $format.SelectNodes('//ViewSelectedBy/TypeName').InnerText -replace '^Deserialized\.' -replace '#.*$' | Sort-Object -Unique) {
            $assembly.GetType($name) | Should -Not -BeNullOrEmpty -Because "the view of $name"
        }
    }
}
