# Loaded by LlmOps.psm1, because the type data of LlmOps.psd1 itself would be processed before the types that it names are there.
@{
    ModuleVersion     = '0.1.0'
    GUID              = '4c0a1f5e-9d0b-4a54-8a57-7f6d2f3f6f0e'
    TypesToProcess    = @('LlmOps.Types.ps1xml')
    CmdletsToExport   = @()
    FunctionsToExport = @()
    AliasesToExport   = @()
    VariablesToExport = @()
}
