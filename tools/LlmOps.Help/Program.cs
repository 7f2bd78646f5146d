using LlmOps.Help;

// LlmOps.Help ASSEMBLY SOURCE DESTINATION: reads the cmdlets of ASSEMBLY and the pages of SOURCE, writes help into DESTINATION.
// Ends with 1, and a line for each gap in the form that MSBuild shows as an error, when a page does not explain its cmdlet whole.
if (args is not [string assembly, string source, string destination])
{
    Console.Error.WriteLine("usage: LlmOps.Help ASSEMBLY SOURCE DESTINATION");
    return 2;
}

IReadOnlyList<CmdletFacts> cmdlets = CmdletReader.Read(assembly);
HelpSource help = HelpSource.Read(source);
IReadOnlyList<HelpProblem> problems = HelpCheck.Run(cmdlets, help);
foreach (HelpProblem problem in problems)
{
    Console.WriteLine(problem);
}

if (problems.Count > 0)
{
    return 1;
}

Directory.CreateDirectory(destination);
foreach (AboutTopic topic in help.Topics)
{
    File.WriteAllText(Path.Combine(destination, topic.Name + ".help.txt"), topic.ToText());
}

// Last, because the build takes this file's age for the age of all.
MamlWriter.Write(Path.Combine(destination, Path.GetFileName(assembly) + "-Help.xml"), cmdlets, help);
return 0;
