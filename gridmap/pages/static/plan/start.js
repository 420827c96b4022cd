// Opens the list of plans, or the plan that the address names.

import { make, say, speak } from 'gridmap/words';
import { Problem } from 'page/api';
import { cityCard, languages } from 'page/head';
import { bar } from 'plan/address';
import { PlanList } from 'plan/list';
import { Who } from 'plan/who';
import { Workplace } from 'plan/workplace';

const $ = (id) => document.getElementById(id);

function named(who) {
  const show = () => {
    $('who').textContent = who.name || say('plan.who_none');
    $('who').title = say('plan.who_change');
  };
  $('who').addEventListener('click', () => who.ask());
  who.onchange(show);
  show();
}

export async function start() {
  const boot = JSON.parse($('boot').textContent);
  speak(boot.words, boot.lang, boot.zone);
  const who = new Who();
  bar.read();
  const tongues = () => languages($('languages'), boot.lang, (lang) => bar.text(lang));
  tongues();
  bar.onchange(tongues);
  cityCard($('city'), boot);
  named(who);
  bar.onback(() => window.location.reload());
  try {
    if (bar.now().plan) await new Workplace(boot, who).open(bar.now().plan);
    else await new PlanList($('list'), { scheme: boot.scheme, who }).show();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    document.body.classList.remove('working');
    $('list').hidden = false;
    $('list').replaceChildren(make('div', { class: 'failed', role: 'alert' }, [
      make('p', { text: problem.status === 404 || problem.status === 422 ? say('plan.no_such') : say('page.failed', { what: problem.message }) }),
      make('p', { class: 'row' }, [
        make('button', { type: 'button', class: 'quiet', text: say('page.retry'), onclick: () => window.location.reload() }),
        make('a', { href: '/plan', text: say('plan.list') }),
      ]),
    ]));
  } finally {
    document.body.dataset.ready = 'yes';
  }
}
