// Compiled by Invoke-Suite.ps1. Knows of the module only what PowerShell itself knows of a cmdlet.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.CompilerServices;

/// <summary>One call of a cmdlet: what was bound, how, and the errors it wrote.</summary>
public sealed class RecordedCall
{
    public DateTime At { get; } = DateTime.Now;
    public string Command { get; set; }
    public string ParameterSet { get; set; }
    public HashSet<string> Parameters { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What the pipeline gave as a whole, and what it gave through a property; what may have been either is in neither.</summary>
    public HashSet<string> ByValue { get; } = new(StringComparer.OrdinalIgnoreCase);
    public HashSet<string> ByPropertyName { get; } = new(StringComparer.OrdinalIgnoreCase);
    public bool WhatIf { get; set; }
    public List<string> Errors { get; } = [];
}

/// <summary>Notes every call of this process's cmdlets.</summary>
public static class CallRecorder
{
    private static readonly PropertyInfo s_current =
        typeof(Cmdlet).BaseType.GetProperty("CurrentPipelineObject", BindingFlags.Instance | BindingFlags.NonPublic)
        ?? throw new InvalidOperationException("This PowerShell does not say what it binds from the pipeline.");

    private static readonly ConditionalWeakTable<PSCmdlet, RecordedCall> s_open = [];

    public static ConcurrentQueue<RecordedCall> Calls { get; } = new();

    public static void Observe(PSCmdlet cmdlet, ErrorRecord error)
    {
        bool isNew = !s_open.TryGetValue(cmdlet, out RecordedCall call);
        if (isNew)
        {
            call = new RecordedCall { Command = cmdlet.MyInvocation.MyCommand.Name };
            s_open.Add(cmdlet, call);
            Calls.Enqueue(call);
        }

        lock (call)
        {
            if (error is not null)
            {
                call.Errors.Add(error.FullyQualifiedErrorId.Split(',')[0]);
                return;
            }

            Dictionary<string, object> bound = cmdlet.MyInvocation.BoundParameters;
            call.ParameterSet = cmdlet.ParameterSetName;
            call.WhatIf = bound.TryGetValue("WhatIf", out object whatIf) && whatIf is SwitchParameter { IsPresent: true };
            foreach (string name in bound.Keys.Where(name => !call.Parameters.Contains(name)).ToArray())
            {
                call.Parameters.Add(name);
                if (!isNew)
                {
                    Place(call, (CmdletInfo)cmdlet.MyInvocation.MyCommand, name, (PSObject)s_current.GetValue(cmdlet));
                }
            }
        }
    }

    private static void Place(RecordedCall call, CmdletInfo command, string name, PSObject given)
    {
        ParameterMetadata parameter = command.Parameters[name];
        bool byValue = parameter.ParameterSets.Values.Any(set => set.ValueFromPipeline);
        bool byName = parameter.ParameterSets.Values.Any(set => set.ValueFromPipelineByPropertyName);
        bool hasProperty = given is not null && parameter.Aliases.Prepend(name).Any(property => given.Properties[property] is not null);
        if (byValue && !(byName && hasProperty))
        {
            call.ByValue.Add(name);
        }
        else if (byName && hasProperty && (!byValue || given.BaseObject is PSCustomObject))
        {
            call.ByPropertyName.Add(name);
        }
    }
}
