namespace LlmOps.Binding;

/// <summary>Stands for whatever type an object from a job or a remote session is to become again.</summary>
/// <remarks>
/// The module's type data can name types of this assembly only, so all of <see cref="Revival.Types"/> are named by this one, and
/// <see cref="RevivingConverter"/> takes the real type from the object itself.
/// </remarks>
public abstract class RevivedObject
{
    private RevivedObject()
    {
    }
}
