// quire config: the settings in force, and where each comes from.
//
// Promises: every setting, whether anything was said about it or not. Leaves to others: the settings and their order
// (shared/settings.ts).

import { type Command, command } from './shared/command.ts'
import { flagOf, SETTINGS, type SettingInForce, settingFlags, variableOf } from './shared/settings.ts'
import { settingsPaths } from './shared/settings-files.ts'

const plan: Command = command({
  args: { ...settingFlags(), paths: { type: 'boolean', description: 'Print the files that are looked at' } },
  examples: [
    ['config', 'what is in force, and from where'],
    ['config --cache-size 1GiB', 'flags are stronger than the environment, that than files'],
    ['config --paths', 'the files, the strongest first']
  ],
  async run({ args, output, settings }) {
    if (args['paths'] === true) {
      const paths = settingsPaths(process.cwd(), process.env)
      return output.report(paths, all => all.join('\n'))
    }
    if (output.isJson) return output.value(settings.list)
    await output.table(settings.list.map(row))
  }
})
export default plan

function row({ name, value, from }: SettingInForce) {
  const description = SETTINGS.find(setting => setting.name === name)?.description ?? ''
  return { setting: name, value: value ?? '', from, flag: `--${flagOf(name)}`, variable: variableOf(name), description }
}
