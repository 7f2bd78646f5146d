namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>No llama-server could be found or obtained. The message lists each source tried and why it failed.</summary>
/// <param name="message">One line: what was tried, why each failed, what to do.</param>
/// <param name="inner">The cause, when there is one.</param>
public class EngineInstallException(string message, Exception? inner = null)
    : LlmOpsException(message, "EngineInstallFailed", inner);
