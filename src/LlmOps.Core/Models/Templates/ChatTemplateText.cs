namespace LlmOps.Models.Templates;

/// <summary>One chat template of a model.</summary>
/// <param name="Name"><c>default</c>, or the name that a model with several gives it: <c>tool_use</c>, <c>rag</c>.</param>
/// <param name="Text">The template, in Jinja.</param>
/// <param name="Source">Where it was found: a metadata key of a GGUF file, a file's name within a model folder.</param>
public record ChatTemplateText(string Name, string Text, string Source);
