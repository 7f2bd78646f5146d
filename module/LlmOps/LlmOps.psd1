@{
    RootModule             = 'LlmOps.psm1'
    ModuleVersion          = '0.1.0'
    GUID                   = '65178101-34bd-4eda-8f7f-4514c17ed894'
    Author                 = 'LlmOps contributors'
    CompanyName            = 'LlmOps contributors'
    Copyright              = '(c) LlmOps contributors. MIT licence.'
    Description            = 'From bare machine to measured LLM server: finds the GPUs, checks the environment, computes a launch configuration for llama.cpp or vLLM and explains every value in it, starts and supervises the server, diagnoses it when it fails, and measures what it delivers.'
    PowerShellVersion      = '7.6'
    CompatiblePSEditions   = @('Core')
    FormatsToProcess       = @('LlmOps.Format.ps1xml')
    CmdletsToExport        = @(
        'Compare-LlmThroughput'
        'Export-LlmCheckReport'
        'Export-LlmClientConfig'
        'Export-LlmReport'
        'Export-LlmServerConfig'
        'Get-GpuTopology'
        'Get-LlmChatTemplate'
        'Get-LlmEngine'
        'Get-LlmEnvironmentFix'
        'Get-LlmModel'
        'Get-LlmServer'
        'Get-LlmServerLog'
        'Get-LlmServerMetric'
        'Import-LlmServerConfig'
        'Install-LlmEngine'
        'Measure-LlmThroughput'
        'New-LlmChatTemplate'
        'New-LlmServerConfig'
        'Remove-LlmServer'
        'Resolve-LlmServerFault'
        'Restart-LlmServer'
        'Start-LlmServer'
        'Stop-LlmServer'
        'Test-LlmChatTemplate'
        'Test-LlmEnvironment'
        'Test-LlmServerConfig'
        'Undo-LlmEnvironmentFix'
        'Uninstall-LlmEngine'
        'Wait-LlmServer'
    )
    FunctionsToExport      = @()
    AliasesToExport        = @()
    VariablesToExport      = @()
    PrivateData            = @{
        PSData = @{
            Tags                     = @('LLM', 'llama.cpp', 'vLLM', 'GGUF', 'safetensors', 'GPU', 'NVIDIA', 'inference', 'benchmark', 'PSEdition_Core', 'Linux', 'Windows')
            LicenseUri               = 'https://licenses.nuget.org/MIT'
            ReleaseNotes             = 'First version: the whole way from a bare machine to a measured server of llama.cpp or vLLM. See CHANGELOG.md.'
            RequireLicenseAcceptance = $false
        }
    }
}
