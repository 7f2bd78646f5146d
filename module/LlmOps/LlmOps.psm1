# The cmdlets live in an AssemblyLoadContext of their own, so that their packages cannot clash with those of other modules.
# Nothing here needs a cmdlet of another module: loading Microsoft.PowerShell.Utility would cost a third of the import.
# The same file is loaded once only (Import-Module -Force, further runspaces of one process).
$ErrorActionPreference = 'Stop'
[void][System.Reflection.Assembly]::LoadFrom([System.IO.Path]::Combine($PSScriptRoot, 'bin', 'LlmOps.Loader.dll'))
$inner = Import-Module -Assembly ([LlmOps.Loader.LoadContext]::Initialize()) -PassThru
$typeData = Import-Module ([System.IO.Path]::Combine($PSScriptRoot, 'LlmOps.TypeData.psd1')) -PassThru

# PowerShell does not export the cmdlets of an inner module that is still loaded when the outer one is imported again
# (https://github.com/PowerShell/PowerShell/issues/20710), so it goes together with this one.
$ExecutionContext.SessionState.Module.OnRemove = { Remove-Module -ModuleInfo $typeData, $inner -Force }.GetNewClosure()
