// Compiled by Invoke-Suite.ps1.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;

/// <summary>Every id of an error that an assembly can raise, read from its code: the text that is handed to a parameter called errorId.</summary>
public static class ErrorIds
{
    private const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Regex s_id = new("^[A-Z][a-z]+([A-Z][A-Za-z]*)+$", RegexOptions.CultureInvariant);

    private static readonly Dictionary<short, OpCode> s_codes =
        typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)).ToDictionary(code => code.Value);

    public static string[] Of(params Assembly[] assemblies) =>
        [.. assemblies.SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
            .SelectMany(In).Distinct().Order(StringComparer.Ordinal)];

    private static IEnumerable<string> In(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
        {
            yield break;
        }

        // Of "a ? x : y" both texts come before the call, with a jump between them.
        List<string> texts = [];
        bool jumped = false;
        for (int at = 0; at < code.Length;)
        {
            short value = code[at++];
            OpCode opCode = s_codes[value == 0xFE ? (short)(0xFE00 | code[at++]) : value];
            int operand = at;
            at += opCode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, operand),
                _ => 4,
            };
            if (opCode == OpCodes.Ldstr)
            {
                string text = method.Module.ResolveString(BitConverter.ToInt32(code, operand));
                if (s_id.IsMatch(text))
                {
                    if (!jumped)
                    {
                        texts.Clear();
                    }

                    texts.Add(text);
                    jumped = false;
                }
            }
            else if (opCode.FlowControl == FlowControl.Branch)
            {
                jumped = true;
            }
            else if (opCode.FlowControl == FlowControl.Call && opCode != OpCodes.Calli && TakesId(method, BitConverter.ToInt32(code, operand)))
            {
                foreach (string text in texts)
                {
                    yield return text;
                }

                texts.Clear();
            }
        }
    }

    private static bool TakesId(MethodBase caller, int token)
    {
        Type[] ofType = caller.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        Type[] ofMethod = caller.IsGenericMethod ? caller.GetGenericArguments() : null;
        return caller.Module.ResolveMethod(token, ofType, ofMethod).GetParameters().Any(parameter => parameter.Name == "errorId");
    }
}
