BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Machines = Join-Path $Repository 'tests' 'LlmOps.Core.Tests' 'Hardware' 'Fixtures' 'Machines'

    # A driver with GPUs for another session: a stand-in for NVIDIA's library, which is found like the real one.
    function New-StandInDriver([int] $Cards) {
        $folder = Join-Path $Sandbox 'driver'
        [void](New-Item -ItemType Directory -Path $folder -Force)
        & cc -shared -fPIC -O1 -o (Join-Path $folder 'libnvidia-ml.so.1') (Join-Path $Machines '..' 'nvml-stand-in.c') -ldl
        $answers = "driver=580.65.06`ncount=$Cards`n"
        foreach ($index in 0..($Cards - 1)) {
            $answers += "gpu$index.name=Card $index`ngpu$index.uuid=GPU-$index`ngpu$index.pci=0000FFFF:0${index}:00.0`ngpu$index.memory=23622320128 0 1073741824`ngpu$index.power=18250`ngpu$index.temperature=4$index`ngpu$index.utilization=7`n"
        }

        Set-Content -LiteralPath (Join-Path $folder 'nvml.txt') -Value $answers
        $folder
    }

    function Assert-Compiler {
        if (-not $IsLinux -or -not (Get-Command cc -CommandType Application -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'the stand-in for NVML needs Linux and a C compiler (cc) on PATH'
        }
        elseif (Test-Path /usr/lib/wsl/lib/libnvidia-ml.so.1) {
            Set-ItResult -Skipped -Because 'under WSL its own library comes first'
        }
    }
}

AfterAll { Exit-Sandbox }

Describe 'Views of a topology' {
    It 'shows how GPUs reach each other as a matrix' {
        $lines = (Get-GpuTopology -Path (Join-Path $Machines 'two-2080ti-nvlink.json') | Format-Custom -View Matrix | Out-String -Width 120) -split "`n" | Where-Object { $_.Trim() }
        $lines[0] | Should -Match '^\s+GPU0\s+GPU1\s+NUMA\s+CPUs'
        $lines[1] | Should -Match '^GPU0\s+X\s+NV2'
        $lines[2] | Should -Match '^GPU1\s+NV2\s+X'
        $lines[-1] | Should -Match 'NV#\s+NVLink'
    }

    It 'lists everything of a GPU, power and slots included' {
        $text = (Get-GpuTopology -Path (Join-Path $Machines 'five-cards-dual-xeon.json')).Gpus[4] | Format-List | Out-String -Width 200
        foreach ($fact in 'Uuid\s+: GPU-00000004', 'ComputeCapability\s+: 6\.1', 'Pcie\s+:', 'NumaNode\s+: 1', 'PowerLimitWatts\s+: 250', 'ThrottleReasons\s+: \{GpuIdle', 'CudaIndexFastestFirst\s+: 4') {
            $text | Should -Match $fact
        }
    }

    It 'shows a topology as a table too' {
        Get-GpuTopology -Path (Join-Path $Machines 'mig-a100.json') | Format-Table | Out-String -Width 200 | Should -Match 'a100\s+512 GiB\s+4\s+7[34]\.\d GiB\s+nvml\s+1x NVIDIA A100'
    }

    It 'shows links with rates in GB/s' {
        (Get-GpuTopology -Path (Join-Path $Machines 'eight-h100-nvswitch.json')).Links[0] | Format-Table | Out-String -Width 200 | Should -Match '0\s+1\s+NVLink.*478 GB/s'
    }
}

Describe 'Get-GpuTopology -Visible' {
    It 'keeps what "<Visible>" lets programs see' -ForEach @(
        @{ Visible = '2,1'; Expected = 2, 1; Note = 0 }
        @{ Visible = 'GPU-00000003'; Expected = 3; Note = 0 }
        @{ Visible = '1,9,2'; Expected = 1; Note = 1 }
        @{ Visible = ''; Expected = @(); Note = 0 }
    ) {
        $json = (Get-Content -Raw (Join-Path $Machines 'five-cards-dual-xeon.json')) -replace '"notes": \[\]', ('"environment": {{ "cudaVisibleDevices": "{0}", "cudaDeviceOrder": "PCI_BUS_ID" }}, "notes": []' -f $Visible)
        $file = Join-Path $Sandbox 'visible.json'
        Set-Content -LiteralPath $file -Value $json

        $seen = Get-GpuTopology -Path $file -Visible
        @($seen.Gpus.Index) | Should -Be $Expected
        $seen.Notes.Count | Should -Be $Note
        (Get-GpuTopology -Path $file).Gpus.Count | Should -Be 5
    }

    It 'applies the variables of its own session to this machine' {
        Assert-Compiler
        $driver = New-StandInDriver -Cards 3
        $env:LD_LIBRARY_PATH, $before = $driver, $env:LD_LIBRARY_PATH
        try {
            Invoke-OtherSession "`$env:CUDA_DEVICE_ORDER = 'PCI_BUS_ID'; `$env:CUDA_VISIBLE_DEVICES = 'GPU-2,0'; (Get-GpuTopology -Visible).Gpus.Index -join ','" | Should -Match '^2,0'
        }
        finally {
            $env:LD_LIBRARY_PATH = $before
        }
    }
}

Describe 'Get-GpuTopology -Watch' {
    It 'gives a sample of each GPU and round, and ends after so many' {
        Assert-Compiler
        $driver = New-StandInDriver -Cards 2
        $env:LD_LIBRARY_PATH, $before = $driver, $env:LD_LIBRARY_PATH
        try {
            $json = Invoke-OtherSession 'Get-GpuTopology -Watch -IntervalSec 0.05 -Count 3 | Select-Object Index, UtilizationPercent, PowerWatts, TemperatureCelsius, MemoryUsedBytes | ConvertTo-Json -Compress'
            $samples = $json | ConvertFrom-Json
            $samples.Count | Should -Be 6
            $samples.Index | Should -Be 0, 1, 0, 1, 0, 1
            $samples[1].TemperatureCelsius | Should -Be 41
            $samples[0].PowerWatts | Should -Be 18.25
            $samples[0].MemoryUsedBytes | Should -Be 1073741824
            Invoke-OtherSession 'Get-GpuTopology -Watch -IntervalSec 0.05 -Count 1' | Should -Match '\d\d:\d\d:\d\d\.\d{3}\s+0\s+7 %\s+1\.00 GiB\s+18 W\s+40 C'
        }
        finally {
            $env:LD_LIBRARY_PATH = $before
        }
    }

    It 'ends when the pipeline has enough' {
        Assert-Compiler
        $driver = New-StandInDriver -Cards 1
        $env:LD_LIBRARY_PATH, $before = $driver, $env:LD_LIBRARY_PATH
        try {
            Invoke-OtherSession '(Get-GpuTopology -Watch -IntervalSec 0.05 | Select-Object -First 2).Count' | Should -Match '^2'
        }
        finally {
            $env:LD_LIBRARY_PATH = $before
        }
    }

    It 'refuses an interval of nothing' {
        { Get-GpuTopology -Watch -IntervalSec 0 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }
}

Describe 'Topologies from other sessions' {
    BeforeAll {
        $live = Get-GpuTopology -Path (Join-Path $Machines 'five-cards-dual-xeon.json')
        $Model = Get-TestModel

        # The plan as text, without what each run says anew.
        function Get-PlanText($Topology) {
            ($Topology | New-LlmServerConfig -Model $Model -Name remote -Port 8123 | Export-LlmServerConfig -As Yaml) -replace '(?m)^#.*$'
        }

        $Expected = Get-PlanText $live
    }

    It 'plan like live ones after <Way>' -ForEach @(
        @{ Way = 'PSSerializer'; Send = { param($live) Copy-ThroughSerialisation $live } }
        @{ Way = 'Export-Clixml'; Send = { param($live) $live | Export-Clixml -LiteralPath (Join-Path $Sandbox 'sent.xml'); Import-Clixml -LiteralPath (Join-Path $Sandbox 'sent.xml') } }
        @{ Way = 'Start-Job'; Send = {
                param($live)
                $file = Join-Path $Machines 'five-cards-dual-xeon.json'
                Start-Job -ScriptBlock { Import-Module $using:ModulePath; Get-GpuTopology -Path $using:file } | Receive-Job -Wait -AutoRemoveJob
            }
        }
        @{ Way = 'ConvertTo-Json'; Send = {
                param($live)
                ConvertTo-Json -InputObject $live -Depth 10 | Set-Content -LiteralPath (Join-Path $Sandbox 'sent.json')
                Get-GpuTopology -LiteralPath (Join-Path $Sandbox 'sent.json')
            }
        }
        @{ Way = 'a session in another process'; Send = {
                param($live)
                $options = [System.Management.Automation.Runspaces.NamedPipeConnectionInfo]
                $process = Start-Process -FilePath $Pwsh -ArgumentList '-NoProfile', '-NonInteractive', '-NoExit', '-Command', 'while ($true) { Start-Sleep 1 }' -PassThru -RedirectStandardOutput (Join-Path $Sandbox 'other.log')
                try {
                    $space = $null
                    foreach ($attempt in 1..60) {
                        try {
                            $space = [runspacefactory]::CreateRunspace($options::new($process.Id))
                            $space.Open()
                            break
                        }
                        catch {
                            if ($attempt -eq 60) { throw }
                            Start-Sleep -Milliseconds 500
                        }
                    }

                    $shell = [powershell]::Create($space)
                    $file = Join-Path $Machines 'five-cards-dual-xeon.json'
                    [void]$shell.AddScript("Import-Module '$ModulePath'; Get-GpuTopology -Path '$file'")
                    $shell.Invoke()
                    $shell.HadErrors | Should -BeFalse
                    $shell.Dispose()
                    $space.Dispose()
                }
                finally {
                    Stop-Process -InputObject $process -Force
                }
            }
        }
    ) {
        $arrived = & $Send $live
        $arrived.Gpus.Count | Should -Be 5
        Get-PlanText $arrived | Should -BeExactly $Expected
    }

    It 'say that they were sent, so that this proves something' {
        $far = Start-Job -ScriptBlock { Import-Module $using:ModulePath; Get-GpuTopology -Path $using:TwoGpus } | Receive-Job -Wait -AutoRemoveJob
        $far.Gpus.Count | Should -Be 2
        $far.RunspaceId | Should -Not -BeNullOrEmpty
    }
}
